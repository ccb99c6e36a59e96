"""The token that RDS accepts as a password for IAM authentication."""

# At the top deliberately, like boto3 in `secrets`. Only botocore: boto3's client for RDS reads
# 1.5 MB of service description, which would delay a cold start.
import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from lambdas.common.errors import SecretUnavailableError

# To connect; the connection stays open after that.
LIFE_SECONDS = 900


def rds_token(*, host: str, port: int, user: str, region: str) -> str:
    """A new token: a request presigned locally with the function's credentials.

    Raises:
        SecretUnavailableError: there are no credentials.
    """
    try:
        credentials = botocore.session.get_session().get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except BotoCoreError as exc:
        raise SecretUnavailableError("unable to read the function's credentials") from exc
    if frozen is None:
        raise SecretUnavailableError("unable to sign a database token; there are no credentials")
    request = AWSRequest(
        "GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user}
    )
    SigV4QueryAuth(frozen, "rds-db", region, expires=LIFE_SECONDS).add_auth(request)
    return str(request.prepare().url).removeprefix("https://")
