"""Who is signed in: the subject of a JWT that API Gateway's authorizer has verified."""

from collections.abc import Mapping
from typing import ClassVar

from lambdas.common.http import RequestError

MAX_SUBJECT_BYTES = 255  # of OpenID Connect


class UnauthenticatedError(RequestError):
    """There is nobody to give a token to. Not 403, on which ably-js gives up for good."""

    code = "unauthenticated"
    status: ClassVar[int] = 401


def subject(claims: Mapping[str, object]) -> str:
    """The Ably client id of the one signed in.

    Raises:
        UnauthenticatedError: no claims, or a subject that Ably would take for another thing.
    """
    found = claims.get("sub")
    if not isinstance(found, str) or not found:
        raise UnauthenticatedError("sign in first: there is no verified token with a subject")
    # An asterisk is Ably's word for "any client id".
    if found == "*" or not found.isprintable() or len(found.encode()) > MAX_SUBJECT_BYTES:
        raise UnauthenticatedError("the token's subject cannot be a client id")
    return found
