"""The token that stands for a password where RDS authenticates by IAM."""

# At the top on purpose, as boto3 in `secrets`. botocore alone: boto3's client for RDS reads 1.5 MB
# of the service's description first, which a cold start would wait for.
import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from lambdas.common.errors import SecretUnavailableError

# To connect with; the connection then lives on.
LIFE_SECONDS = 900


def rds_token(*, host: str, port: int, user: str, region: str) -> str:
    """A new token: a presigned request, made on this machine from the function's credentials.

    Raises:
        SecretUnavailableError: there are none.
    """
    try:
        credentials = botocore.session.get_session().get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except BotoCoreError as exc:
        raise SecretUnavailableError("unable to read the function's credentials") from exc
    if frozen is None:
        raise SecretUnavailableError("unable to make a database token; there are no credentials")
    request = AWSRequest(
        "GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user}
    )
    SigV4QueryAuth(frozen, "rds-db", region, expires=LIFE_SECONDS).add_auth(request)
    return str(request.prepare().url).removeprefix("https://")
