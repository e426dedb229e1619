"""The object store: S3 behind few methods, tables with a schema, the state of rounds, the lease."""
