"""Who may call the AWS services of a local run: holders of its credentials, by signed requests.

AWS's own rules (Signature Version 4) and its own errors, so that any AWS SDK is a client.
"""

from local.aws_access.credentials import RunCredentials

__all__ = ["RunCredentials"]
