"""Every HTTP service of a local run, against requests that a browser sends for a foreign page."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from local.aws_access import RunCredentials
from tests.fixtures.ably import LocalAbly
from tests.fixtures.raw_http import RawAnswer, exchange
from tests.fixtures.signing import sign

FOREIGN_HOSTS = [
    "evil.test",
    "evil.test:{port}",
    "localhost.evil.test:{port}",
    "chat.localhost:{port}",
    "localhost.:{port}",
    "0.0.0.0:{port}",
    "192.168.0.7:{port}",
    "",
    "localhost:{port}:{port}",
    "localhost evil.test",
    "me@localhost:{port}",
    "localhost\udcff",
]
FOREIGN_PAGES = [
    {"Origin": "https://evil.test"},
    {"Origin": "http://evil.test:{port}"},
    {"Origin": "http://localhost.evil.test:{port}"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "file://"},
    {"Origin": "https://evil.test", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "something-new"},
]
OUR_PAGES = [
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1:5173", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
]
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
TYPED = {**LINK, "Sec-Fetch-Site": "none"}
PROGRAMS = [
    {},
    {"User-Agent": "curl/8"},
    {"Sec-Fetch-Mode": "cors"},
]  # the last one is Node's fetch
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SENTENCES = (
    "this service answers for localhost, not for the host",
    "the request must have one Host header",
    "the request line must hold a path",
    "no web page may call this service",
    "a page of another site may not call this service",
    "a page of the origin",
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, with a request that it answers.

    Attributes:
        answers: the status of that answer.
        signed: the name of the AWS service that the request is signed for.
    """

    port: int
    answers: int
    target: str = "/"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    signed: str | None = None
    credentials: RunCredentials | None = None

    def ask(
        self,
        given: dict[str, str] | None = None,
        *,
        host: str = "localhost:{port}",
        target: str | None = None,
        also: Iterable[tuple[str, str]] = (),
        version: str = "1.1",
    ) -> RawAnswer:
        """Send the request with additional headers, signed if the service requires it."""
        port = str(self.port)
        headers = {"Host": host, **self.headers, **(given or {})}
        headers = {name: value.replace("{port}", port) for name, value in headers.items()}
        if self.signed and self.credentials and headers["Host"].isascii():
            url = f"http://localhost{self.target}"
            headers = sign(
                *(self.method, url, self.credentials),
                service=self.signed,
                headers=headers,
                body=self.body,
            )
        path = target or self.target
        return exchange(
            self.port, self.method, path, [*headers.items(), *also], self.body, version=version
        )


@pytest.fixture(scope="module")
def services(local_run: dict[str, Any]) -> dict[str, Service]:
    """The services of the session's local run."""
    page, sqs, functions, control = (
        urlsplit(local_run[name]).port or 0
        for name in ("page_url", "sqs_endpoint_url", "lambda_endpoint_url", "control_api_url")
    )
    credentials = RunCredentials(
        access_key_id=local_run["aws_access_key_id"],
        secret_access_key=local_run["aws_secret_access_key"],
    )
    ably = local_run["ably"]
    basic = base64.b64encode(ably["api_key"].encode()).decode()

    def aws(target: str, body: dict[str, str], signed: str, version: str) -> Service:
        headers = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
        return Service(
            port=sqs,
            answers=200,
            method="POST",
            headers=headers,
            body=json.dumps(body).encode(),
            signed=signed,
            credentials=credentials,
        )

    return {
        "page": Service(port=page, answers=200),
        "missing file": Service(port=page, answers=404, target="/nothing"),
        "auth": Service(port=page, answers=200, target="/auth"),
        "auth, encoded": Service(port=page, answers=200, target="/%61uth"),
        "messages": Service(port=page, answers=200, target="/messages"),
        "config": Service(port=page, answers=200, target="/config.json"),
        "secrets": aws(
            "secretsmanager.GetSecretValue", {"SecretId": "ably-api-key"}, "secretsmanager", "1.1"
        ),
        "queues": aws("AmazonSQS.ListQueues", {}, "sqs", "1.0"),
        "moto's own pages": Service(
            port=sqs,
            answers=200,
            target="/moto-api/data.json",
            signed="sqs",
            credentials=credentials,
        ),
        "invoke": Service(
            port=functions,
            answers=204,
            method="POST",
            target="/2015-03-31/functions/ingest/invocations",
            headers={"X-Amz-Invocation-Type": "DryRun"},
            body=b"{}",
            signed="lambda",
            credentials=credentials,
        ),
        "runtime": Service(
            port=runtime_api_port(local_run),
            answers=400,
            method="POST",
            target="/2018-06-01/runtime/invocation/none/response",
            body=b"{}",
        ),
        "ably": Service(
            port=ably["port"],
            answers=200,
            target="/channels/chat/messages",
            headers={"Authorization": f"Basic {basic}"},
        ),
        "ably, time": Service(port=ably["port"], answers=200, target="/time"),
        "websocket": Service(
            port=ably["port"], answers=101, target=f"/?key={ably['api_key']}", headers=WEBSOCKET
        ),
        "control": Service(
            port=control,
            answers=200,
            target="/v1/me",
            headers={"Authorization": f"Bearer {local_run['control_token']}"},
        ),
        "control, encoded": Service(
            port=control,
            answers=200,
            target="//%761/me/",
            headers={"Authorization": f"Bearer {local_run['control_token']}"},
        ),
    }


def run_processes(local_run: dict[str, Any]) -> list[psutil.Process]:
    """All processes of the run, including the main process."""
    run = psutil.Process(local_run["pids"]["connector"]).parent()
    assert run is not None
    return [run, *run.children(recursive=True)]


def runtime_api_port(local_run: dict[str, Any]) -> int:
    """The port of the Runtime API of one of the run's workers."""
    for process in run_processes(local_run):
        if "awslambdaric" in process.cmdline():
            return int(process.environ()["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2])
    raise AssertionError("the run has no worker")


FOR_PAGES = ["auth", "auth, encoded", "messages", "config", "ably", "ably, time", "websocket"]
FOR_DOCUMENTS = ["page", "missing file"]
FOR_TOOLS = [
    "secrets",
    "queues",
    "moto's own pages",
    "invoke",
    "runtime",
    "control",
    "control, encoded",
]
ALL = [*FOR_DOCUMENTS, *FOR_PAGES, *FOR_TOOLS]


@pytest.fixture
def service(services: dict[str, Service], name: str) -> Service:
    return services[name]


def assert_refused(answer: RawAnswer, status: int, given: object = None) -> None:
    """Check that the guard refused with a message that no page can read."""
    assert answer.status == status, (given, answer.body)
    assert any(sentence in answer.body.decode() for sentence in SENTENCES), (given, answer.body)
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("name", ALL)
def test_a_program_on_this_machine_is_answered(service: Service) -> None:
    for host in ("localhost", "LocalHost:{port}", "127.0.0.1:{port}", "[::1]:1"):
        for given in PROGRAMS:
            assert service.ask(given, host=host).status == service.answers, (host, given)


@pytest.mark.parametrize("name", ALL)
def test_a_request_for_a_foreign_host_is_refused(service: Service) -> None:
    for host in FOREIGN_HOSTS:
        assert_refused(service.ask(host=host), 421, host)


@pytest.mark.parametrize("name", ALL)
def test_a_request_has_exactly_one_host(service: Service) -> None:
    # The HTTP library itself refuses with 400.
    assert service.ask(also=[("Host", "evil.test")]).status in {400, 421}
    assert exchange(service.port, "GET", service.target, []).status in {400, 421}
    assert_refused(exchange(service.port, "GET", service.target, [], version="1.0"), 421)


@pytest.mark.parametrize("name", ALL)
def test_a_request_line_with_a_whole_address_is_refused(service: Service) -> None:
    for origin in ("http://evil.test", f"http://localhost:{service.port}"):
        assert_refused(service.ask(target=origin + service.target), 421, origin)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}"])
def test_a_page_of_another_site_is_refused(service: Service, host: str) -> None:
    for given in FOREIGN_PAGES:
        assert_refused(service.ask(given, host=host), 403, given)


@pytest.mark.parametrize("name", ALL)
def test_a_foreign_pages_preflight_is_refused(service: Service) -> None:
    headers = [
        ("Host", f"localhost:{service.port}"),
        ("Origin", "https://evil.test"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,x-amz-target"),
        ("Access-Control-Request-Private-Network", "true"),
    ]
    assert_refused(exchange(service.port, "OPTIONS", service.target, headers), 403)


@pytest.mark.parametrize("name", [*FOR_PAGES, *FOR_DOCUMENTS])
def test_a_page_of_this_machine_can_call_the_services_that_pages_need(service: Service) -> None:
    for given in OUR_PAGES:
        assert service.ask(given).status == service.answers, given


@pytest.mark.parametrize("name", FOR_TOOLS)
def test_no_page_can_call_the_services_for_tools(service: Service) -> None:
    for given in OUR_PAGES:
        assert_refused(service.ask(given), 403, given)


@pytest.mark.parametrize("name", ALL)
def test_an_address_that_a_user_types_is_answered(service: Service) -> None:
    assert service.ask(TYPED).status == service.answers


@pytest.mark.parametrize("name", FOR_DOCUMENTS)
def test_a_link_on_another_site_opens_the_page(service: Service) -> None:
    assert service.ask(LINK).status == service.answers


@pytest.mark.parametrize("name", [*FOR_PAGES, *FOR_TOOLS])
def test_a_link_on_another_site_opens_nothing_else(service: Service) -> None:
    assert_refused(service.ask(LINK), 403)


def test_every_port_of_the_run_is_guarded(local_run: dict[str, Any]) -> None:
    unguarded = set()
    found = 0
    for process in run_processes(local_run):
        if process.name() == "postgres":  # it speaks no HTTP
            continue
        for connection in process.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN:
                continue
            found += 1
            port = connection.laddr.port
            assert connection.laddr.ip == "127.0.0.1"
            if exchange(port, "GET", "/", [("Host", "evil.test")]).status != 421:
                unguarded.add(process.pid)
    assert found >= 8, "gateway, Ably, Invoke API, moto, four workers"
    # The connector's health report is part of the deployed program and contains no secret.
    assert unguarded == {local_run["pids"]["connector"]}


@pytest.fixture
def open_ably() -> Iterable[LocalAbly]:
    """A local Ably with all optional endpoints turned on."""
    ably = LocalAbly(provisioning=True, fault_admin=True)
    ably.start()
    yield ably
    ably.close()


ADMINISTRATION: list[Callable[[LocalAbly], Service]] = [
    lambda ably: Service(
        port=ably.port, answers=201, method="POST", target="/apps", body=b'{"keys": [{}]}'
    ),
    lambda ably: Service(
        port=ably.port,
        answers=200,
        target="/faults",
        headers={"Authorization": f"Bearer {ably.control_token}"},
    ),
]


@pytest.mark.parametrize("made", ADMINISTRATION, ids=["apps", "faults"])
def test_no_page_can_create_apps_or_faults_even_when_they_are_on(
    open_ably: LocalAbly, made: Callable[[LocalAbly], Service]
) -> None:
    service = made(open_ably)
    assert service.ask().status == service.answers
    for given in (*FOREIGN_PAGES, *OUR_PAGES, LINK):
        assert_refused(service.ask(given), 403, given)
    for host in FOREIGN_HOSTS:
        assert_refused(service.ask(host=host), 421, host)
