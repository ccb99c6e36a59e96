"""Verification of signatures: AWS's own example, botocore's signatures, and altered ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from local.aws_access import RunCredentials
from local.aws_access.errors import (
    AccessError,
    IncompleteSignatureError,
    MissingTokenError,
    SignatureMismatchError,
    UnknownKeyError,
)
from local.aws_access.signature import ReceivedRequest, verify
from tests.fixtures.signing import sign

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CREDENTIALS = RunCredentials(access_key_id="LOCALKEY", secret_access_key="secret")
HOST = "127.0.0.1:4000"
BODY = b'{"SecretId": "ably-api-key"}'


def received(
    *,
    credentials: RunCredentials = CREDENTIALS,
    method: str = "POST",
    target: str = "/a%3Ab/c?Qualifier=%24LATEST&b=&a=2&a=1",
    body: bytes = BODY,
    at: datetime = NOW,
    **headers: str,
) -> ReceivedRequest:
    """A request signed by botocore."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = sign(
        method,
        f"http://{HOST}{target}",
        credentials,
        service="lambda",
        headers={"Content-Type": "application/json", **named},
        body=body,
        at=at,
    )
    return ReceivedRequest(method=method, target=target, headers=list(signed.items()), body=body)


def altered(request: ReceivedRequest, name: str, value: str | None) -> ReceivedRequest:
    """The same request with another value of a header, or without it."""
    kept = [(key, old) for key, old in request.headers if key.lower() != name]
    return replace(request, headers=kept if value is None else [*kept, (name, value)])


def authorization(request: ReceivedRequest) -> str:
    (value,) = request.values("authorization")
    return value


def check(request: ReceivedRequest, *, now: datetime = NOW, service: str | None = "lambda") -> None:
    verify(request, CREDENTIALS, now=now, service=service)


def test_the_example_of_awss_own_test_suite_is_verified() -> None:
    signed = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )
    headers = [
        ("Host", "example.amazonaws.com"),
        ("X-Amz-Date", "20150830T123600Z"),
        ("Authorization", signed),
    ]
    request = ReceivedRequest(method="GET", target="/", headers=headers, body=b"")
    credentials = RunCredentials(
        access_key_id="AKIDEXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    )
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    verify(request, credentials, now=now)
    with pytest.raises(SignatureMismatchError):
        verify(altered(request, "host", "example.amazonaws.org"), credentials, now=now)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.lists(st.sampled_from(["a", "%3A", "%24", "%C3%A9", ".", "..", "", "a%20b", "~", "+"])),
    query=st.lists(st.sampled_from(["a=1", "a=", "b", "a=%20", "c=%2F", ""])),
    body=st.binary(max_size=50),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)
def test_a_request_signed_by_botocore_is_verified(
    method: str, path: list[str], query: list[str], body: bytes, header: str
) -> None:
    target = "/" + "/".join(path) + ("?" + "&".join(query) if query else "")
    check(received(method=method, target=target, body=body, x_amz_target=f"a  {header} b"))


def test_headers_added_by_the_signer_of_botocore_are_verified() -> None:
    request = AWSRequest(method="POST", url=f"http://{HOST}/x?b=1&a=2", data=BODY)
    SigV4Auth(CREDENTIALS.for_botocore, "lambda", "us-east-1").add_auth(request)
    headers = [("Host", HOST), *request.headers.items()]
    made = ReceivedRequest(method="POST", target="/x?b=1&a=2", headers=headers, body=BODY)
    check(made, now=datetime.now(UTC))


def test_a_client_can_sign_headers_that_botocore_does_not() -> None:
    class SignsAll(SigV4Auth):
        def headers_to_sign(self, request: AWSRequest) -> object:  # type: ignore[override]
            named = super().headers_to_sign(request)
            named["user-agent"] = request.headers["User-Agent"]
            return named

    request = AWSRequest(
        method="POST", url=f"http://{HOST}/", data=BODY, headers={"User-Agent": "other/1"}
    )
    SignsAll(CREDENTIALS.for_botocore, "lambda", "eu-west-1").add_auth(request)
    headers = [("Host", HOST), *request.headers.items()]
    made = ReceivedRequest(method="POST", target="/", headers=headers, body=BODY)
    check(made, now=datetime.now(UTC))
    with pytest.raises(SignatureMismatchError):
        check(altered(made, "user-agent", "other/2"), now=datetime.now(UTC))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, method="PUT"),
        lambda request: replace(request, target=request.target + "&more=1"),
        lambda request: replace(request, target=request.target.replace("%3A", "%3B")),
        lambda request: replace(request, target="/"),
        lambda request: replace(request, target="/%ff\udcff"),
        lambda request: replace(request, body=BODY + b" "),
        lambda request: replace(request, body=b""),
        lambda request: altered(request, "host", "127.0.0.1:4001"),
        lambda request: altered(request, "host", None),
        lambda request: altered(request, "content-type", "text/plain"),
        lambda request: altered(request, "content-type", "\udcff"),
        lambda request: altered(request, "x-amz-date", "20261128T120001Z"),
        lambda request: altered(request, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        lambda request: altered(request, "x-amz-content-sha256", "e3b0c442"),
        lambda request: replace(request, headers=[*request.headers, ("Host", HOST)]),
    ],
)
def test_an_altered_request_does_not_match_its_signature(change: object) -> None:
    assert callable(change)
    request = received()
    check(request)
    with pytest.raises(SignatureMismatchError):
        check(change(request))


def test_a_body_is_hashed_regardless_of_its_header() -> None:
    # A signature over another body's hash is valid only for that body.
    claim = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    request = received(body=b"", X_Amz_Content_SHA256=claim)
    check(request)
    with pytest.raises(SignatureMismatchError, match="X-Amz-Content-SHA256"):
        check(replace(request, body=b"another"))


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("Signature=", "Signature=0"),
        ("/20261128/", "/20261127/"),
        ("/eu-west-1/", "/us-east-1/"),
        ("SignedHeaders=content-type;", "SignedHeaders="),
    ],
)
def test_an_altered_signature_is_refused(part: str, other: str) -> None:
    request = received()
    assert part in authorization(request)
    changed = altered(request, "authorization", authorization(request).replace(part, other))
    with pytest.raises(SignatureMismatchError):
        check(changed)


def test_a_signature_must_cover_the_host() -> None:
    request = received()
    value = authorization(request).replace(";host", "")
    with pytest.raises(SignatureMismatchError, match="'Host' must be a 'SignedHeader'"):
        check(altered(request, "authorization", value))


def test_the_secret_and_the_key_must_be_those_of_the_run() -> None:
    with pytest.raises(SignatureMismatchError):
        check(received(credentials=replace(CREDENTIALS, secret_access_key="other")))
    for other in ("OTHER", "", "LOCALKEY2", "LOCALKE", "\udcff"):
        request = received()
        value = authorization(request).replace("=LOCALKEY/", f"={other}/")
        with pytest.raises(UnknownKeyError):
            check(altered(request, "authorization", value))


@pytest.mark.parametrize("off", [timedelta(minutes=5, seconds=1), timedelta(days=1)])
def test_a_signature_is_valid_for_five_minutes(off: timedelta) -> None:
    with pytest.raises(SignatureMismatchError, match="Signature expired: 20261"):
        check(received(at=NOW - off))
    with pytest.raises(SignatureMismatchError, match="Signature not yet current: 20261"):
        check(received(at=NOW + off))
    within = timedelta(minutes=5)
    check(received(at=NOW - within))
    check(received(at=NOW + within), now=NOW.astimezone(timezone(timedelta(hours=5))))


def test_a_signature_is_valid_for_one_service() -> None:
    check(received(), service=None)
    with pytest.raises(SignatureMismatchError, match="correct service: 'sqs'"):
        check(received(), service="sqs")


def test_the_refusal_of_an_unsigned_request_says_where_the_credentials_are() -> None:
    with pytest.raises(MissingTokenError, match=r"aws_access_key_id .* from the run's ready file"):
        check(altered(received(), "authorization", None))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic bG9jYWw6bG9jYWw=",
        "Bearer token",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential=LOCALKEY/20261128/eu-west-1/lambda/aws4_request",
        "AWS4-HMAC-SHA256 Credential=LOCALKEY, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=LOCALKEY/1/2/3/4, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=0",
        "AWS4-ECDSA-P256-SHA256 Credential=LOCALKEY/1/2/3/4, SignedHeaders=host, Signature=0",
        "AWS LOCALKEY:signature",
    ],
)
def test_an_unreadable_signature_is_reported_as_incomplete(value: str) -> None:
    with pytest.raises(IncompleteSignatureError):
        check(altered(received(), "authorization", value))


def test_a_second_signature_is_refused() -> None:
    request = received()
    second = ("Authorization", authorization(request))
    with pytest.raises(IncompleteSignatureError):
        check(replace(request, headers=[*request.headers, second]))


@pytest.mark.parametrize("value", [None, "", "2026-11-28T12:00:00Z", "20261399T996199Z"])
def test_a_signature_needs_a_time(value: str | None) -> None:
    request = altered(received(), "x-amz-date", value)
    dated = authorization(request).replace("/20261128/", f"/{(value or '')[:8]}/")
    with pytest.raises(IncompleteSignatureError):
        check(altered(request, "authorization", dated))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_no_header_causes_an_internal_error(
    authorization_text: str, date: str, target: str
) -> None:
    headers = [("Authorization", f"AWS4-HMAC-SHA256 {authorization_text}"), ("X-Amz-Date", date)]
    request = ReceivedRequest(method="GET", target=f"/{target}", headers=headers, body=b"")
    with pytest.raises(AccessError):
        check(request)


def test_the_secret_is_in_no_repr() -> None:
    made = RunCredentials.generate()
    assert made != RunCredentials.generate()
    shown = repr(made) + repr(received(credentials=made))
    assert made.secret_access_key not in shown
    assert made.access_key_id not in shown
