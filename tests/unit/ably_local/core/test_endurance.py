import gc
from functools import partial

from ably_local.base.clock import SMALLEST_PURGE, Timers
from ably_local.base.protocol import Action, PresenceAction
from ably_local.core.channels import Channel
from ably_local.core.connections import Connection
from ably_local.messages.history import Publication
from tests.unit.ably_local.world import FakeClock, World

MINUTE_MS = 60_000


def live(*kinds: type) -> int:
    """The number of live objects of these types."""
    gc.collect()
    return sum(isinstance(each, kinds) for each in gc.get_objects())


def visit(world: World, number: int, token: str) -> None:
    """A client that connects, uses every feature, and leaves with or without CLOSE."""
    client = world.connect("msgpack" if number % 2 else "json", access_token=token)
    channel = f"room {number}"
    client.attach(channel, params={"rewind": "1"})
    client.publish(channel, 0, {"id": f"mine {number}", "data": "x"})
    enter = {"action": PresenceAction.ENTER, "clientId": "alice"}
    client.say(Action.PRESENCE, channel=channel, msgSerial=1, presence=[enter])
    if number % 3:
        client.cut()
    else:
        client.say(Action.CLOSE)


def test_nothing_is_left_of_disconnected_clients() -> None:
    world = World()
    before = live(Connection, Channel, Publication)
    token = world.token(ttl=60 * MINUTE_MS, clientId="alice")
    for number in range(100):
        visit(world, number, token)
        world.pass_ms(100)
    assert len(world.app.connections) > 50, "cut clients may still come back"
    world.pass_ms(5 * MINUTE_MS)
    assert world.app.connections == {}
    assert world.app.channels == {}
    assert live(Connection, Channel, Publication) == before


def test_cancelled_timers_do_not_pile_up() -> None:
    timers = Timers(FakeClock())
    for number in range(20 * SMALLEST_PURGE):
        timers.call_in(1000 + number, lambda: None).cancel()
    assert len(timers) <= SMALLEST_PURGE


def test_purging_loses_no_timer_and_keeps_the_order() -> None:
    clock = FakeClock()
    timers = Timers(clock)
    due = [5000 - number for number in range(3 * SMALLEST_PURGE)]
    ran: list[int] = []
    for delay in due:
        timer = timers.call_in(delay, partial(ran.append, delay))
        if delay % 2:
            timer.cancel()
    clock.now += 5000
    timers.run_due()
    assert ran == sorted(delay for delay in due if not delay % 2)
