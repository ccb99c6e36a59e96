from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ably_local.core.limits import Limits
from ably_local.http.exchange import Response
from tests.unit.ably_local.world import START_MS, World, error_of

MESSAGES = "/channels/chat/messages"


def follow(world: World, response: Response, rel: str = "next") -> Response | None:
    """The page that a link leads to, resolved as both SDKs do."""
    links = {
        part.split(";")[1].strip(): part.split(";")[0].strip()
        for part in response.headers["Link"].split(",")
    }
    link = links.get(f'rel="{rel}"')
    if link is None:
        return None
    assert link.startswith("<./messages?")
    query = dict(parse_qsl(urlsplit(link[1:-1]).query))
    return world.request("GET", f"{MESSAGES}?{'&'.join(f'{k}={v}' for k, v in query.items())}")


def data(response: Response | None) -> list[Any]:
    assert response is not None
    return [message["data"] for message in response.value]


def filled() -> World:
    """Seven messages, one per second; the last three in one array."""
    world = World()
    for number in range(4):
        world.request("POST", MESSAGES, {"data": str(number)})
        world.pass_ms(1000)
    world.request("POST", MESSAGES, [{"data": "4"}, {"data": "5"}, {"data": "6"}])
    return world


@pytest.mark.parametrize("direction", ["forwards", "backwards"])
def test_pages_follow_each_other_even_through_an_array(direction: str) -> None:
    world = filled()
    page = world.request("GET", f"{MESSAGES}?limit=2&direction={direction}")
    seen = data(page)
    while (following := follow(world, page)) is not None:
        page = following
        assert len(page.value) <= 2
        seen += data(page)
    expected = list("0123456")
    assert seen == (expected if direction == "forwards" else expected[::-1])


def test_the_newest_messages_come_first_and_links_lead_back() -> None:
    world = filled()
    first = world.request("GET", f"{MESSAGES}?limit=3")
    assert data(first) == ["6", "5", "4"]
    second = follow(world, first)
    assert data(second) == ["3", "2", "1"]
    assert second is not None
    assert data(follow(world, second, "current")) == ["3", "2", "1"]
    assert data(follow(world, second, "first")) == ["6", "5", "4"]


def test_start_and_end_include_their_millisecond() -> None:
    world = filled()
    span = f"start={START_MS + 1000}&end={START_MS + 2000}"
    assert data(world.request("GET", f"{MESSAGES}?{span}")) == ["2", "1"]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=1001", "limit=0", "limit=x", "direction=up", "start=9&end=8", "start=-1"),
        f"start={'9' * 5000}",
    ],
    ids=lambda query: query[:20],
)
def test_a_bad_parameter_is_refused(query: str) -> None:
    assert error_of(filled().request("GET", f"{MESSAGES}?{query}")) == (400, 40003)


def test_history_until_attach_ends_at_the_attach_point() -> None:
    world = filled()
    client = world.connect()
    serial = client.attach("chat")["channelSerial"]
    world.request("POST", MESSAGES, {"data": "after"})
    assert data(world.request("GET", f"{MESSAGES}?from_serial={serial}&limit=1")) == ["6"]


def test_an_ordinary_channel_keeps_two_minutes() -> None:
    world = filled()
    world.pass_ms(117_999)
    assert data(world.request("GET", MESSAGES)) == ["6", "5", "4", "3", "2"]
    world.pass_ms(2_001)
    assert data(world.request("GET", MESSAGES)) == []


def test_a_persisted_namespace_keeps_a_day() -> None:
    world = World()
    body = {"id": "kept", "persisted": True}
    world.request("POST", "/v1/apps/appid/namespaces", body, authorization="Bearer control")
    for channel in ("kept:chat", "other:chat"):
        world.request("POST", f"/channels/{channel}/messages", {"data": "x"})
    world.pass_ms(24 * 3_600_000 - 1)
    assert data(world.request("GET", "/channels/kept:chat/messages")) == ["x"]
    assert data(world.request("GET", "/channels/other:chat/messages")) == []


def test_memory_is_bounded_by_the_number_of_messages_too() -> None:
    world = World(limits=Limits(history_messages=3))
    for number in range(5):
        world.request("POST", MESSAGES, {"data": str(number)})
    assert data(world.request("GET", MESSAGES)) == ["4", "3", "2"]


def test_links_do_not_repeat_credentials() -> None:
    world = filled()
    response = world.request("GET", f"{MESSAGES}?limit=1&key={world.key.text}", authorization="")
    assert world.key.secret not in response.headers["Link"]


def test_history_gives_whole_messages() -> None:
    world = World()
    client = world.connect(clientId="alice")
    client.publish("chat", 0, {"name": "n", "data": "d", "extras": {"headers": {"a": 1}}})
    (message,) = world.request("GET", MESSAGES).value
    assert message.pop("serial")
    assert message == {
        "id": f"{client.live.id}:0:0",
        "name": "n",
        "data": "d",
        "clientId": "alice",
        "connectionId": client.live.id,
        "timestamp": START_MS,
        "action": 0,
        "extras": {"headers": {"a": 1}},
    }
