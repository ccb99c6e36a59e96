import pytest

from ably_local.base.codec import decode, encode
from ably_local.http.exchange import Request, Response
from tests.unit.ably_local.world import START_MS, World, error_of


def test_time_needs_no_credentials() -> None:
    response = World().request("GET", "/time", authorization="")
    assert response.value == [START_MS]


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/nothing"), ("DELETE", "/channels/a/messages"), ("GET", "/channels/a/nothing")],
)
def test_an_unknown_path_is_not_found(method: str, target: str) -> None:
    assert error_of(World().request(method, target)) == (404, 40400)


@pytest.mark.parametrize(
    ("method", "target", "feature"),
    [
        ("GET", "/stats", "statistics"),
        ("POST", "/push/publish", "push"),
        ("GET", "/comet/connect", "comet"),
        ("PATCH", "/channels/a/messages/1", "single messages"),
        ("GET", "/channels/a/messages/1", "single messages"),
        ("GET", "/channels/a/messages/1/versions", "versions"),
        ("GET", "/channels/a/messages/1/annotations", "annotations"),
        ("GET", "/channels/a/object", "LiveObjects"),
    ],
)
def test_an_unsupported_resource_is_refused_by_name(method: str, target: str, feature: str) -> None:
    response = World().request(method, target)
    assert error_of(response) == (501, 50100)
    assert feature in response.value["error"]["message"]


def test_an_unauthorised_client_does_not_learn_what_is_unsupported() -> None:
    assert error_of(World().request("GET", "/stats", authorization="")) == (401, 40106)


@pytest.mark.parametrize(
    ("written", "name"),
    [("a%2Fb", "a/b"), ("a%20b", "a b"), ("a+b", "a b"), ("a%2Bb", "a+b"), ("%C3%A9", "é")],
)
def test_a_channel_name_is_decoded_as_both_sdks_encode_it(written: str, name: str) -> None:
    world = World()
    world.request("POST", f"/channels/{written}/messages", {"data": "x"})
    assert name in world.app.channels


@pytest.mark.parametrize(
    ("headers", "target", "fmt"),
    [
        ({"accept": "application/json"}, "/time", "json"),
        ({"accept": "application/x-msgpack"}, "/time", "msgpack"),
        ({"accept": "application/x-msgpack,application/json"}, "/time", "msgpack"),
        ({"accept": "*/*"}, "/time", "json"),
        ({}, "/time?format=msgpack", "msgpack"),
    ],
)
def test_a_client_gets_the_format_that_it_asked_for(
    headers: dict[str, str], target: str, fmt: str
) -> None:
    assert Request(method="GET", target=target, headers=headers).response_format == fmt


def test_msgpack_goes_in_and_comes_out_with_its_bytes() -> None:
    world = World()
    message = encode({"name": "n", "data": b"\xff"}, "msgpack")
    assert isinstance(message, bytes)
    headers = {
        "content-type": "application/x-msgpack",
        "accept": "application/x-msgpack",
        "authorization": "",
    }
    target = f"/channels/a/messages?key={world.key.text}"
    post = Request(method="POST", target=target, headers=headers, body=message)
    post.headers.pop("authorization")
    assert world.rest.handle(post).status == 201
    get = Request(method="GET", target=target, headers={"accept": "application/x-msgpack"})
    body, sent = world.rest.handle(get).render("msgpack")
    assert sent["Content-Type"] == "application/x-msgpack"
    assert decode(body, "msgpack")[0]["data"] == b"\xff"


def test_bytes_in_the_old_msgpack_format_stay_bytes() -> None:
    older = b"\x81\xa4data\xa2\xff\xfe"
    assert decode(older, "msgpack") == {"data": b"\xff\xfe"}


@pytest.mark.parametrize("body", [b"{", b'"\\ud800"', b"[" * 100_000, b"\xff"])
def test_a_body_that_does_not_decode_is_refused(body: bytes) -> None:
    world = World()
    target = f"/channels/a/messages?key={world.key.text}"
    response = world.rest.handle(Request(method="POST", target=target, body=body))
    assert error_of(response) == (400, 40001)


def test_an_envelope_carries_status_and_headers_inside() -> None:
    response = World().request("GET", "/nothing?envelope=json")
    assert response.status == 200
    assert response.value["statusCode"] == 404
    assert response.value["headers"]["X-Ably-Errorcode"] == "40400"
    assert response.value["response"]["error"]["code"] == 40400


def test_a_preflight_allows_the_requested_headers() -> None:
    response = World().request(
        "OPTIONS",
        "/channels/a/messages?envelope=json",
        authorization="",
        access_control_request_headers="authorization,x-ably-version",
    )
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Headers"] == "authorization,x-ably-version"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_status_contains_the_occupancy() -> None:
    world = World()
    assert world.request("GET", "/channels/a").value["status"]["isActive"] is False
    world.connect().attach("a")
    world.connect().attach("a", flags=1 << 17)
    details = world.request("GET", "/channels/a").value
    metrics = details["status"]["occupancy"]["metrics"]
    assert details["channelId"] == "a"
    assert (metrics["connections"], metrics["subscribers"], metrics["publishers"]) == (2, 1, 2)


def test_a_response_without_a_value_has_no_body() -> None:
    assert Response(status=204).render("json") == (b"", {})
