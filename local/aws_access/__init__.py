"""Access control for the AWS services of a local run: only requests signed with its credentials.

It follows AWS's rules (Signature Version 4) and errors, so that any AWS SDK can be a client.
"""

from local.aws_access.credentials import RunCredentials

__all__ = ["RunCredentials"]
