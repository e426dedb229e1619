"""The only places that talk to S3, Label Studio and MLflow, each behind a small class."""
