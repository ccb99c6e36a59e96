"""Bytes that no SDK sends, on a real WebSocket: the server answers or disconnects, and survives."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress

import msgpack  # type: ignore[import-untyped]  # it has no type annotations
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.ably import LocalAbly
from tests.fixtures.samples import examples

DEADLINE_SECONDS = 10
TEXT, BINARY = 1, 2
PING = json.dumps({"action": 0, "id": "still here"}).encode()

GIANTS = [
    b"[" * 100_000,
    b'{"action":' * 50_000,
    b'{"action":15,"channel":"c","messages":[' + b"[" * 900 + b"]" * 900 + b"]}",
    b'{"action":15,"msgSerial":' + b"9" * 4000 + b"}",
    b'{"action":0,"id":' + b"9" * 400 + b"}",
    b'{"action":10,"channel":"c","params":{"rewind":"' + b"9" * 5000 + b'"}}',
    b'{"action":10,"channel":"c","params":{"rewind":' + b"[" * 900 + b"]" * 900 + b"}}",
    b'{"action":15,"channel":"c","messages":[{"data":"' + b"x" * 500_000 + b'"}]}',
    b'{"action":15,"channel":"c","messages":[{"extras":{"headers":{"a":' + b"9" * 99 + b"}}}]}",
    b'{"action":10,"channel":"' + b"c" * 400_000 + b'"}',
    b'{"action":' + b"9" * 5000 + b"}",
    b'{"action":1e999}',
    b"x" * 600_000,
    b"\x91" * 100_000,
    b"\xdd\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\x81\xa6action\xcf" + b"\xff" * 8,
]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
messages = st.fixed_dictionaries(
    {"action": st.integers(-1, 23)},
    optional=dict.fromkeys(
        ["channel", "msgSerial", "messages", "presence", "params", "flags", "id", "auth"], values
    ),
)
payloads = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(GIANTS),
    messages.map(lambda message: bytes(msgpack.packb(message))),
    messages.map(lambda message: json.dumps(message).encode(errors="surrogatepass")),
    st.tuples(messages, st.integers(1, 20)).map(lambda cut: msgpack.packb(cut[0])[: -cut[1]]),
)
opcodes = st.sampled_from([TEXT, TEXT, BINARY, BINARY, 0, 3, 8, 9, 10, 15])


def frame(opcode: int, payload: bytes, *, first: int = 0x80) -> bytes:
    """A masked client frame; by default `first` marks it as complete."""
    length = len(payload)
    size = (
        bytes([0x80 | length])
        if length < 126
        else b"\xfe" + length.to_bytes(2)
        if length < 65_536
        else b"\xff" + length.to_bytes(8)
    )
    return bytes([first | opcode]) + size + bytes(4) + payload


class Client:
    """A WebSocket that can send any bytes, and reads until an answer or the end."""

    def __init__(self, ably: LocalAbly, wire_format: str) -> None:
        self._ably = ably
        self._format = wire_format
        self.heard = b""

    async def run(self, sent: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._ably.port)
        target = f"/?key={self._ably.api_key}&format={self._format}&clientId=alice"
        writer.write(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(DEADLINE_SECONDS):
            with suppress(ConnectionError):
                for each in [*sent, frame(TEXT, PING)]:
                    writer.write(each)
                    await writer.drain()
            # Waits for an answer to the ping, or for the end; silence exceeds the deadline.
            with suppress(ConnectionError):
                while b"still here" not in self.heard and (data := await reader.read(65_536)):
                    self.heard += data
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture(scope="module")
def fuzzed_ably() -> Iterator[LocalAbly]:
    ably = LocalAbly()
    ably.start()
    yield ably
    ably.close()


def check(ably: LocalAbly, wire_format: str, sent: list[bytes]) -> None:
    client, bystander = Client(ably, wire_format), Client(ably, "json")

    async def run() -> None:
        await client.run(sent)
        await bystander.run([])

    asyncio.run(run())
    assert b"internal error" not in client.heard, "a defect is not an answer"
    assert b"still here" in bystander.heard


@settings(
    deadline=None, max_examples=examples(60, thorough=2000), suppress_health_check=list(HealthCheck)
)
@given(
    sent=st.lists(st.tuples(opcodes, payloads), min_size=1, max_size=3),
    wire_format=st.sampled_from(["json", "msgpack"]),
)
def test_every_frame_is_answered_or_ends_only_its_own_connection(
    fuzzed_ably: LocalAbly, sent: list[tuple[int, bytes]], wire_format: str
) -> None:
    check(fuzzed_ably, wire_format, [frame(opcode, payload) for opcode, payload in sent])


@pytest.mark.parametrize("wire_format", ["json", "msgpack"])
@pytest.mark.parametrize("giant", GIANTS, ids=lambda giant: repr(giant[:40]))
def test_no_oversized_value_causes_an_error(
    fuzzed_ably: LocalAbly, giant: bytes, wire_format: str
) -> None:
    for opcode in (TEXT, BINARY):
        check(fuzzed_ably, wire_format, [frame(opcode, giant)])


@pytest.mark.parametrize("wire_format", ["json", "msgpack"])
@pytest.mark.parametrize(
    "sent",
    [
        [os.urandom(200)],
        [frame(TEXT, b"{}")[:-1]],
        [frame(TEXT, b'{"action":', first=0), frame(0, b"0}")],
        [frame(BINARY, b"\x81", first=0), frame(TEXT, b"{}")],
        [b"\x81\x02{}"],
        [b"\x82\xff" + b"\xff" * 8],
        [frame(9, b"x" * 126)],
        [frame(TEXT, b"{}", first=0xF0)],
    ],
    ids=["noise", "cut", "parts", "interrupted", "unmasked", "endless", "ping", "reserved"],
)
def test_broken_framing_affects_no_other_client(
    fuzzed_ably: LocalAbly, wire_format: str, sent: list[bytes]
) -> None:
    check(fuzzed_ably, wire_format, sent)
