"""The rate and count limits of connections and of the account."""

from typing import Any

from ably_local.base.protocol import Action
from ably_local.core.limits import Limits, TokenBucket
from tests.unit.ably_local.world import Client, FakeClock, World, error_of


def publish(world: World, channel: str, count: int = 1) -> Any:
    return world.request("POST", f"/channels/{channel}/messages", [{"data": "x"}] * count)


def codes(client: Client, count: int, *, channel: str = "chat", first: int = 0) -> list[int]:
    """The error code of each of `count` publishes; 0 for an accepted one."""
    answers = [client.publish(channel, first + number, {"data": "x"}) for number in range(count)]
    return [answer.get("error", {"code": 0})["code"] for answer in answers]


def test_a_bucket_pays_off_a_burst_later() -> None:
    clock = FakeClock()
    bucket = TokenBucket(10, clock)
    assert bucket.take(25), "more than a second allows, when nothing was used"
    clock.now += 1500
    assert not bucket.take()
    clock.now += 100
    assert bucket.take()


def test_a_connection_publishes_fifty_messages_a_second_over_all_its_channels() -> None:
    world = World()
    client = world.connect()
    assert codes(client, 25, channel="a") == [0] * 25
    assert codes(client, 26, channel="b", first=25) == [0] * 25 + [42911]
    assert codes(world.connect(), 1) == [0], "another connection has its own rate"
    world.pass_ms(20)
    assert codes(client, 2, first=51) == [0, 42911]


def test_two_connections_share_the_rate_of_a_channel() -> None:
    world = World()
    assert codes(world.connect(), 50) == [0] * 50
    assert codes(world.connect(), 1) == [42913]


def test_a_connection_that_publishes_twenty_times_too_fast_is_ended() -> None:
    world = World()
    client = world.connect()
    for serial in range(1001):
        client.say(Action.MESSAGE, channel="a", msgSerial=serial, messages=[{"data": "x"}])
    assert client.received[-1]["action"] == Action.ERROR
    assert client.received[-1]["error"]["code"] == 42921
    assert client.closed


def test_a_connection_that_floods_with_frames_is_ended() -> None:
    client = World().connect()
    for _ in range(2001):
        client.say(Action.HEARTBEAT)
    assert client.received[-1]["error"]["code"] == 42924
    assert client.closed


def test_a_connection_cannot_exceed_its_channel_limit() -> None:
    client = World(limits=Limits(connection_channels=2)).connect()
    assert [client.attach(name)["action"] for name in "ab"] == [Action.ATTACHED] * 2
    refused = client.attach("c")
    assert (refused["action"], refused["error"]["code"]) == (Action.ERROR, 90010)
    assert client.attach("a")["action"] == Action.ATTACHED, "it is attached already"
    client.say(Action.DETACH, channel="a")
    assert client.attach("c")["action"] == Action.ATTACHED


def test_an_account_cannot_exceed_its_connection_limit() -> None:
    world = World(limits=Limits(connections=1))
    first = world.connect()
    refused = world.connect().received[0]
    assert (refused["action"], refused["error"]["code"]) == (Action.ERROR, 40111)
    first.cut()
    key = first.received[0]["connectionDetails"]["connectionKey"]
    assert world.connect(resume=key).received[0]["action"] == Action.CONNECTED


def test_connections_that_come_too_fast_can_retry() -> None:
    world = World(limits=Limits(connection_creation_rate=1))
    world.connect()
    refused = world.connect().received[0]
    assert (refused["action"], refused["error"]["code"]) == (Action.DISCONNECTED, 80021)
    world.pass_ms(1000)
    assert world.connect().received[0]["action"] == Action.CONNECTED


def test_channels_that_open_too_fast_can_be_retried() -> None:
    world = World(limits=Limits(channel_creation_rate=1))
    client = world.connect()
    client.attach("a")
    refused = client.attach("b")
    assert (refused["action"], refused["error"]["code"]) == (Action.DETACHED, 90021)
    assert error_of(publish(world, "c")) == (429, 90021)
    assert publish(world, "a").status == 201, "it is open"


def test_an_account_cannot_exceed_its_limit_of_open_channels() -> None:
    world = World(limits=Limits(channels=1))
    client = world.connect()
    assert client.attach("a")["action"] == Action.ATTACHED
    assert error_of(publish(world, "b")) == (403, 40114)
    assert client.attach("[meta]log")["action"] == Action.ATTACHED, "it is not counted"
    client.say(Action.DETACH, channel="a")
    world.pass_ms(100_000)
    assert publish(world, "b").status == 201


def test_the_channels_of_a_deleted_app_are_not_counted() -> None:
    world = World(limits=Limits(channels=1))
    world.connect().attach("a")
    world.service.delete_app(world.app)
    assert world.service.account.open_channels == 0


def test_all_apps_share_the_message_rate_of_the_account() -> None:
    world = World(limits=Limits(account_message_rate=100))
    assert publish(world, "a", count=60).status == 201
    assert error_of(publish(world, "b", count=60)) == (429, 42917)
    assert publish(world, "b", count=40).status == 201, "a refused publish costs nothing"


def test_a_publish_refused_by_the_account_does_not_count_against_its_channel() -> None:
    world = World(limits=Limits(account_message_rate=1, channel_rate=2))
    assert publish(world, "a").status == 201
    for _ in range(5):
        assert error_of(publish(world, "a")) == (429, 42917)


def test_without_limits_no_publish_is_refused() -> None:
    world = World(limits=Limits.off())
    client = world.connect()
    assert set(codes(client, 3000)) == {0}
    for number in range(300):
        assert client.attach(str(number))["action"] == Action.ATTACHED
        assert world.connect().received[0]["action"] == Action.CONNECTED
