"""The signed-in user: the subject of a JWT that API Gateway's authorizer has verified."""

from collections.abc import Mapping
from typing import ClassVar

from lambdas.common.http import RequestError

MAX_SUBJECT_BYTES = 255  # of OpenID Connect


class UnauthenticatedError(RequestError):
    """The request has no verified user. Not a 403, after which ably-js stops permanently."""

    code = "unauthenticated"
    status: ClassVar[int] = 401


def subject(claims: Mapping[str, object]) -> str:
    """The Ably client id of the signed-in user.

    Raises:
        UnauthenticatedError: no claims, or a subject with another meaning to Ably.
    """
    found = claims.get("sub")
    if not isinstance(found, str) or not found:
        raise UnauthenticatedError(
            "sign in first: the request has no verified token with a subject"
        )
    # To Ably an asterisk means "any client id".
    if found == "*" or not found.isprintable() or len(found.encode()) > MAX_SUBJECT_BYTES:
        raise UnauthenticatedError("the token's subject cannot be a client id")
    return found
