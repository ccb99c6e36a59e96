"""The token that stands for a password where RDS authenticates by IAM.

Its import costs about 25 MB: only who logs in that way imports it.
"""

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from connector_task.config.database import DatabaseSettings
from connector_task.errors import DatabaseUnavailableError, ErrorCode

# To connect with; the connection then lives on.
LIFE_SECONDS = 900


def rds_token(settings: DatabaseSettings) -> str:
    """A new token: a presigned request, made on this machine from the task's credentials.

    Raises:
        DatabaseUnavailableError: there are none, or whoever gives them does not answer.
    """
    try:
        credentials = botocore.session.get_session().get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except BotoCoreError as exc:
        message = f"unable to log in by IAM; no credentials ({type(exc).__name__})"
        raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, message) from exc
    if frozen is None:
        message = "unable to log in by IAM; there are no credentials"
        raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, message)
    request = AWSRequest(
        "GET",
        f"https://{settings.host}:{settings.port}/",
        params={"Action": "connect", "DBUser": settings.user},
    )
    SigV4QueryAuth(frozen, "rds-db", settings.region or "", expires=LIFE_SECONDS).add_auth(request)
    return str(request.prepare().url).removeprefix("https://")
