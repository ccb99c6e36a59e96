from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ably_local.base.codec import encode
from ably_local.base.protocol import Action
from ably_local.http.exchange import Request
from tests.fixtures.samples import examples
from tests.unit.ably_local.world import World

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
messages = st.dictionaries(
    st.sampled_from(["name", "data", "id", "clientId", "encoding", "extras", "action", "serial"]),
    values,
)
protocol_messages = st.fixed_dictionaries(
    {"action": st.one_of(st.sampled_from(list(Action)), values)},
    optional={
        "channel": st.one_of(st.sampled_from(["chat", "[?rewind=1]chat", "::", "["]), values),
        "msgSerial": st.one_of(st.integers(0, 5), values),
        "messages": st.one_of(st.lists(messages, max_size=3), values),
        "presence": st.one_of(st.lists(messages, max_size=3), values),
        "flags": st.one_of(st.integers(0, 2**26), values),
        "params": st.one_of(st.dictionaries(st.text(max_size=9), scalars, max_size=3), values),
        "channelSerial": values,
        "auth": values,
        "id": values,
    },
)


def still_well(world: World) -> bool:
    """Whether a publish of another client still reaches its subscriber."""
    reader, sender = world.connect(), world.connect()
    reader.attach("well")
    sender.publish("well", 0, {"data": "x"})
    return len(reader.take(Action.MESSAGE)) == 1


@settings(deadline=None)
@given(frames=st.lists(st.one_of(st.binary(max_size=60), st.text(max_size=60)), max_size=5))
def test_no_frame_affects_another_connection(frames: list[str | bytes]) -> None:
    world = World()
    client = world.connect()
    for frame in frames:
        if not client.closed:
            client.say_raw(frame)
    assert still_well(world)


@settings(deadline=None, max_examples=examples(150))
@given(sent=st.lists(protocol_messages, max_size=6), truncate=st.integers(0, 5))
def test_no_protocol_message_affects_another_connection(
    sent: list[dict[str, Any]], truncate: int
) -> None:
    world = World()
    reader = world.connect("json")
    reader.attach("chat")
    client = world.connect("msgpack", clientId="alice")
    client.attach("chat")
    for message in sent:
        frame = encode(message, "msgpack")
        assert isinstance(frame, bytes)
        if not client.closed:
            client.say_raw(frame[: len(frame) - truncate] if truncate == 5 else frame)
    assert not reader.closed
    assert still_well(world)


@settings(deadline=None)
@given(
    body=st.one_of(st.binary(max_size=60), values.map(lambda value: encode(value, "msgpack"))),
    path=st.sampled_from(["channels/chat/messages", "messages", "keys/appid.keyid/requestToken"]),
    query=st.text(max_size=20),
)
def test_every_request_gets_an_answer(body: bytes, path: str, query: str) -> None:
    world = World()
    request = Request(
        method="POST",
        target=f"/{path}?key={world.key.text}&{query}",
        headers={"content-type": "application/x-msgpack"},
        body=body,
    )
    response = world.rest.handle(request)
    assert response.status in range(200, 502)
    response.render("json")
    response.render("msgpack")
