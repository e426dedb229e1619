"""The embedded stack: S3, Label Studio, MLflow, Prefect and a worker on this machine, for one team or a test.

Knows how to run servers; knows nothing of rounds. Production uses real ones: the same environment variables name them.
"""

from infra.local.endpoints import Endpoints
from infra.local.environment import STACK_FOLDER, load_environment, use_environment
from infra.local.stack import Stack

__all__ = ["STACK_FOLDER", "Endpoints", "Stack", "load_environment", "use_environment"]
