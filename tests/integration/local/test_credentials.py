"""Secrets, queues and invocations of a local run require its credentials."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.parsers import create_parser

from local.aws_access import RunCredentials
from local.services.aws import AwsServices
from tests.fixtures.raw_http import RawAnswer, exchange
from tests.fixtures.signing import REGION, sign

# One call per service, with its error codes: no signature, unknown key, wrong signature.
MISSING, UNKNOWN, WRONG = range(3)
IN_JSON = (
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
)
OF_QUERIES = ("MissingAuthenticationToken", "InvalidClientTokenId", "SignatureDoesNotMatch")
SERVICES: dict[str, tuple[Callable[[Any], Any], tuple[str, str, str]]] = {
    "secretsmanager": (lambda client: client.get_secret_value(SecretId="ably-api-key"), IN_JSON),
    "sqs": (lambda client: client.list_queues(), OF_QUERIES),
    "lambda": (lambda client: client.invoke(FunctionName="history", Payload=b"{}"), IN_JSON),
}


@pytest.fixture
def credentials(local_run: dict[str, Any]) -> RunCredentials:
    return RunCredentials(
        access_key_id=local_run["aws_access_key_id"],
        secret_access_key=local_run["aws_secret_access_key"],
    )


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(local_run: dict[str, Any], service: str) -> Callable[..., Any]:
    """Create boto3 clients of the service."""
    name = "lambda_endpoint_url" if service == "lambda" else "sqs_endpoint_url"

    def make(credentials: RunCredentials, **options: Any) -> Any:
        make_client: Any = boto3.client  # boto3's stubs overload it by service name
        return make_client(
            service,
            endpoint_url=local_run[name],
            region_name=REGION,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            **options,
        )

    return make


def code_of(act: Callable[[], object]) -> str:
    """The code of the error that boto3 raises for a refusal."""
    with pytest.raises(ClientError) as refused:
        act()
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert response["Error"]["Message"]
    return str(response["Error"]["Code"])


def test_boto3_needs_only_the_credentials_of_the_ready_file(
    service: str, client: Callable[..., Any], credentials: RunCredentials
) -> None:
    call, _ = SERVICES[service]
    assert call(client(credentials))["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda mine: replace(mine, secret_access_key="local"), WRONG),
        (lambda mine: replace(mine, secret_access_key=mine.secret_access_key + "x"), WRONG),
        (lambda mine: replace(mine, access_key_id="local"), UNKNOWN),
        (lambda mine: replace(mine, access_key_id="AKIAIOSFODNN7EXAMPLE"), UNKNOWN),
        (lambda _mine: RunCredentials.generate(), UNKNOWN),
    ],
)
def test_other_credentials_get_the_errors_of_aws(
    service: str,
    client: Callable[..., Any],
    credentials: RunCredentials,
    change: Callable[[RunCredentials], RunCredentials],
    kind: int,
) -> None:
    call, names = SERVICES[service]
    other = client(change(credentials))
    assert code_of(lambda: call(other)) == names[kind]


def test_an_unsigned_request_is_refused(
    service: str, client: Callable[..., Any], credentials: RunCredentials
) -> None:
    call, names = SERVICES[service]
    unsigned = client(credentials, config=Config(signature_version=UNSIGNED))
    assert code_of(lambda: call(unsigned)) == names[MISSING]


@pytest.mark.parametrize("part", ["body", "signature", "date", "host"])
def test_a_request_that_was_altered_after_signing_is_refused(
    service: str, client: Callable[..., Any], credentials: RunCredentials, part: str
) -> None:
    call, names = SERVICES[service]
    altering = client(credentials)

    def alter(request: Any, **_: Any) -> None:
        if part == "body":
            request.body = request.body.replace(b"}", b" }")
            request.headers["Content-Length"] = str(len(request.body))
        elif part == "signature":
            value = request.headers["Authorization"]
            last = b"0" if value[-1:] != b"0" else b"1"
            request.headers["Authorization"] = value[:-1] + last
        elif part == "date":
            a_minute_ago = datetime.now(UTC) - timedelta(minutes=1)
            request.headers["X-Amz-Date"] = a_minute_ago.strftime("%Y%m%dT%H%M%SZ")
        else:
            request.headers["Host"] = "localhost"

    altering.meta.events.register("before-send", alter)
    assert code_of(lambda: call(altering)) == names[WRONG]


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_an_expired_signature_is_refused_also_in_the_query_protocol(
    local_run: dict[str, Any], credentials: RunCredentials, off: timedelta
) -> None:
    url = local_run["sqs_endpoint_url"] + "/"
    body = b"Action=ListQueues&Version=2012-11-05"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def ask(at: datetime) -> RawAnswer:
        signed = sign("POST", url, credentials, service="sqs", headers=headers, body=body, at=at)
        return exchange(urlsplit(url).port or 0, "POST", "/", signed.items(), body)

    assert ask(datetime.now(UTC)).status == 200
    late = ask(datetime.now(UTC) + off)
    assert late.status == 403
    response = {"status_code": 403, "headers": dict(late.headers), "body": late.body}
    error = create_parser("query").parse(response, Shape("Answer", {"type": "string"}))["Error"]
    assert error["Code"] == "SignatureDoesNotMatch"
    assert re.match("Signature (expired|not yet current): ", error["Message"])


def test_credentials_are_in_no_log_and_no_process_list(
    local_run: dict[str, Any], credentials: RunCredentials
) -> None:
    secrets = (credentials.secret_access_key, credentials.access_key_id)
    for log in Path(local_run["logs"]).glob("*.log"):
        assert not [secret for secret in secrets if secret in log.read_text()], log
    run = psutil.Process(local_run["pids"]["connector"]).parent()
    assert run is not None
    for process in (run, *run.children(recursive=True)):
        assert not [secret for secret in secrets if secret in " ".join(process.cmdline())]


async def test_no_answer_to_a_client_without_credentials_contains_a_secret(
    aws: AwsServices, run_credentials: RunCredentials
) -> None:
    secret = "appid.keyid:a-real-key-of-ably"
    await aws.put_secrets({"ably-api-key": secret})
    port = urlsplit(aws.endpoint_url).port or 0
    body = json.dumps({"SecretId": "ably-api-key"}).encode()
    headers_sent = {
        "Host": f"127.0.0.1:{port}",
        "X-Amz-Target": "secretsmanager.GetSecretValue",
        "Content-Type": "application/x-amz-json-1.1",
    }
    # Without access control, moto answers all but the last of these with the secret.
    scope = f"20260101/{REGION}/secretsmanager/aws4_request"
    forged = [
        {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host,{rest}"}
        for key in ("any", "", run_credentials.access_key_id)
        for rest in ("Signature=0", "Signature=", "")
    ]
    for headers in (*forged, {}, {"Authorization": "Basic YW55OmFueQ=="}):
        answer = exchange(port, "POST", "/", {**headers_sent, **headers}.items(), body)
        assert answer.status == 403
        assert secret.encode() not in answer.body
    for path in ("/moto-api/data.json", "/moto-api/", "/moto-api/reset", "/favicon.ico"):
        for method in ("GET", "POST"):
            answer = exchange(port, method, path, {**headers_sent, "X-Amz-Target": ""}.items(), b"")
            assert answer.status == 403
    signed = sign(
        "POST",
        aws.endpoint_url + "/",
        run_credentials,
        service="secretsmanager",
        headers=headers_sent,
        body=body,
    )
    assert secret.encode() in exchange(port, "POST", "/", signed.items(), body).body


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "8388609", "9" * 5000])
def test_an_invalid_or_too_large_content_length_is_refused(
    local_run: dict[str, Any], length: str
) -> None:
    port = urlsplit(local_run["sqs_endpoint_url"]).port or 0
    headers = {
        "Host": "localhost",
        "Content-Length": length,
        "X-Amz-Target": "AmazonSQS.ListQueues",
    }
    answer = exchange(port, "POST", "/", headers.items())
    assert answer.status == 413
    assert "Content-Length must be a number up to" in json.loads(answer.body)["message"]
