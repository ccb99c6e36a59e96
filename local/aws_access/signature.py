"""Verifies Signature Version 4 by repeating the client's computation with botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

A signature covers method, path, query, body and the headers that it names. It is valid for five
minutes before and after its time. Signatures in the query (presigned URLs) and SigV4A are refused.
The session token is ignored, because a run has none.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders

from local.aws_access.credentials import RunCredentials
from local.aws_access.errors import (
    IncompleteSignatureError,
    MissingTokenError,
    SignatureMismatchError,
    UnknownKeyError,
)

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_AGE = timedelta(minutes=5)
_REQUIRED = ("Credential", "SignedHeaders", "Signature")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """A request as received.

    Attributes:
        target: path and query as sent, percent-encoded.
        headers: names and values; a name may occur more than once.
    """

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)

    def values(self, name: str) -> list[str]:
        """All values of a header, by its lower-case name."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, kw_only=True)
class _Authorization:
    """The parts of the Authorization header."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def verify(
    request: ReceivedRequest,
    credentials: RunCredentials,
    *,
    now: datetime,
    service: str | None = None,
) -> None:
    """Verify that the request was signed with the credentials.

    Args:
        request: the received request.
        credentials: the only credentials that are accepted.
        now: the current time, with its time zone.
        service: the service that the signature must name; None accepts any.

    Raises:
        AccessError: if the signature is missing, malformed or wrong.
    """
    given = _parse(request)
    if not _same(given.access_key_id, credentials.access_key_id):
        raise UnknownKeyError
    if service is not None and given.service != service:
        raise SignatureMismatchError(f"Credential should be scoped to correct service: '{service}'")
    timestamp = _timestamp(request, given, now)
    if not _same(given.signature, _signature(request, given, credentials, timestamp)):
        raise SignatureMismatchError


def _parse(request: ReceivedRequest) -> _Authorization:
    headers = request.values("authorization")
    if not headers:
        raise MissingTokenError
    algorithm, _, parameters = headers[0].strip().partition(" ")
    if len(headers) > 1 or algorithm != ALGORITHM:
        raise IncompleteSignatureError(f"Authorization header requires one {ALGORITHM} signature")
    parts = dict(part.strip().partition("=")[::2] for part in parameters.split(","))
    for name in _REQUIRED:
        if not parts.get(name):
            raise IncompleteSignatureError(f"Authorization header requires '{name}' parameter")
    scope = parts["Credential"].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise IncompleteSignatureError(
            "Credential must have the form <access key>/<date>/<region>/<service>/aws4_request"
        )
    signed_headers = tuple(parts["SignedHeaders"].lower().split(";"))
    if "host" not in signed_headers:
        raise SignatureMismatchError("'Host' must be a 'SignedHeader' in the Authorization header")
    access_key_id, date, region, service, _ = scope
    return _Authorization(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_headers,
        signature=parts["Signature"],
    )


def _timestamp(request: ReceivedRequest, given: _Authorization, now: datetime) -> str:
    """The time of signing as sent, after a check that it is recent."""
    text = ",".join(request.values("x-amz-date"))
    if not _TIMESTAMP.fullmatch(text):
        raise IncompleteSignatureError("Authorization header requires a header 'X-Amz-Date'")
    if text[:8] != given.date:
        raise SignatureMismatchError("Date in Credential scope does not match that of 'X-Amz-Date'")
    try:
        signed_at = datetime.strptime(text, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise IncompleteSignatureError("'X-Amz-Date' is not a time") from error
    present = now.astimezone(UTC).strftime(SIGV4_TIMESTAMP)
    if signed_at < now - MAX_AGE:
        raise SignatureMismatchError(
            f"Signature expired: {text} is 5 min. or more before {present}"
        )
    if signed_at > now + MAX_AGE:
        raise SignatureMismatchError(
            f"Signature not yet current: {text} is 5 min. or more after {present}"
        )
    return text


def _signature(
    request: ReceivedRequest,
    given: _Authorization,
    credentials: RunCredentials,
    timestamp: str,
) -> str:
    """The expected signature, computed from the received body instead of a claimed hash."""
    digest = hashlib.sha256(request.body).hexdigest()
    if any(claimed != digest for claimed in request.values("x-amz-content-sha256")):
        raise SignatureMismatchError("'X-Amz-Content-SHA256' does not match what was computed")
    signed = AWSRequest(
        method=request.method, url=f"http://localhost{request.target}", data=request.body
    )
    signed.context["timestamp"] = timestamp
    try:
        signer = _Signer(request, given, credentials)
        canonical = signer.canonical_request(signed)
        return str(signer.signature(signer.string_to_sign(signed, canonical), signed))
    except ValueError as error:  # no client signs bytes in the head that are not text
        raise SignatureMismatchError from error


class _Signer(SigV4Auth):
    """Signs the headers that the client named; botocore's own signer chooses the headers itself.

    Raises ValueError if a header is not text.
    """

    def __init__(
        self, request: ReceivedRequest, given: _Authorization, credentials: RunCredentials
    ) -> None:
        super().__init__(credentials.for_botocore, given.service, given.region)
        self._named = HTTPHeaders()
        for name in given.signed_headers:
            for value in request.values(name):
                value.encode()
                self._named[name] = value

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:  # noqa: ARG002  # botocore's
        return self._named


def _same(sent: str, computed: str) -> bool:
    return hmac.compare_digest(sent.encode(errors="replace"), computed.encode())
