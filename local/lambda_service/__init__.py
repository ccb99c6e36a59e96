"""A local Lambda service: AWS's Invoke API, with AWS's own runtime client in each worker.

For development and tests: boto3 and the local Ably's rules call it as they call AWS. It has no
versions, aliases, layers or permissions; any holder of its credentials may invoke every function.
"""

from local.lambda_service.function import Function
from local.lambda_service.invocation import Outcome
from local.lambda_service.service import LambdaService

__all__ = ["Function", "LambdaService", "Outcome"]
