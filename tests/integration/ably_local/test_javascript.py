import base64
from typing import Any

import pytest

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.ably_js import AblyJsError
from tests.integration.ably_local.conftest import OpenJs


async def test_publish_is_acknowledged_and_received(open_js: OpenJs) -> None:
    reader, sender = await open_js(), await open_js()
    await reader.connect()
    assert (await sender.connect(clientId="alice"))["clientId"] == "alice"
    await reader.do("subscribe", name="chat")
    binary = {"$bytes": base64.b64encode(b"\xff\x00").decode()}
    result = await sender.do(
        "publish", name="chat", messages=[{"name": "n", "data": {"a": "é"}}, {"data": binary}]
    )
    first, second = await reader.events("message", 2)
    assert (first["name"], first["data"], first["clientId"]) == ("n", {"a": "é"}, "alice")
    assert second["data"] == binary
    assert result["serials"] == [first["serial"], second["serial"]]
    assert first["action"] == "message.create"
    assert await reader.do("ping") >= 0


async def test_a_publisher_without_echo_does_not_receive_its_messages(open_js: OpenJs) -> None:
    client, other = await open_js(), await open_js()
    await client.connect(echoMessages=False)
    await other.connect()
    await client.do("subscribe", name="chat")
    await client.do("publish", name="chat", messages=[{"data": "mine"}])
    await other.do("publish", name="chat", messages=[{"data": "theirs"}])
    assert (await client.event("message"))["data"] == "theirs"


async def test_members_see_each_other_come_and_go(open_js: OpenJs) -> None:
    watcher, member = await open_js(), await open_js()
    await watcher.connect(clientId="bob")
    await member.connect(clientId="alice")
    await watcher.do("watchPresence", name="chat")
    await member.do("presence", name="chat", how="enter", data={"n": 1})
    entered = await watcher.event("presence")
    assert (entered["action"], entered["clientId"], entered["data"]) == ("enter", "alice", {"n": 1})
    late = await open_js()
    await late.connect(clientId="carol")
    (present,) = await late.do("members", name="chat")
    assert (present["clientId"], present["data"]) == ("alice", {"n": 1})
    assert [each["clientId"] for each in await late.do("restMembers", name="chat")] == ["alice"]
    await member.do("presence", name="chat", how="update", data="new")
    assert (await watcher.event("presence"))["data"] == "new"
    await member.do("presence", name="chat", how="leave")
    assert (await watcher.event("presence"))["action"] == "leave"


async def test_rewind_history_and_until_attach_agree(open_js: OpenJs) -> None:
    sender, reader = await open_js(), await open_js()
    await sender.connect()
    await reader.connect()
    await sender.do("publish", name="chat", messages=[{"data": str(n)} for n in range(5)])
    await reader.do("subscribe", name="chat", options={"params": {"rewind": "2"}})
    assert [each["data"] for each in await reader.events("message", 2)] == ["3", "4"]
    await sender.do("publish", name="chat", messages=[{"data": "after"}])
    await reader.event("message", data="after")
    pages = await reader.do("history", name="chat", params={"limit": 2, "untilAttach": True})
    assert [[each["data"] for each in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


async def test_a_disconnected_client_resumes_and_misses_nothing(
    open_js: OpenJs, local_ably: LocalAbly
) -> None:
    reader, sender = await open_js(), await open_js()
    connection_id = (await reader.connect(clientId="bob"))["id"]
    await sender.connect(clientId="alice")
    await reader.do("subscribe", name="chat")
    await reader.do("watchPresence", name="chat")
    await sender.do("presence", name="chat", how="enter", data="hi")
    await reader.event("presence")
    assert (await reader.event("channel", state="attached"))["resumed"] is False
    local_ably.cut_connections()
    await reader.event("connection", state="disconnected")
    await sender.do("restPublish", name="chat", messages=[{"data": "missed 1"}])
    await sender.do("publish", name="chat", messages=[{"data": "missed 2"}])
    assert [each["data"] for each in await reader.events("message", 2)] == ["missed 1", "missed 2"]
    await reader.event("connection", state="connected")
    assert (await reader.event("channel", state="attached"))["resumed"] is True
    assert await reader.do("id") == connection_id
    assert len(local_ably.published("chat")) == 2
    (present,) = await reader.do("members", name="chat")
    assert present["clientId"] == "alice"


async def test_a_token_is_renewed_on_the_live_connection(open_js: OpenJs) -> None:
    client = await open_js()
    tokens = {"ttl": 31_000, "clientId": "alice"}
    connected = await client.connect(tokens=tokens)
    await client.event("auth", call=1)
    await client.event("auth", call=2)
    await client.event("connection", state="connected")
    await client.do("publish", name="chat", messages=[{"data": "still here"}])
    assert await client.do("id") == connected["id"]


async def test_an_expired_token_is_renewed_and_the_connection_resumed(open_js: OpenJs) -> None:
    client = await open_js()
    connected = await client.connect(tokens={"ttl": 1500, "clientId": "alice"})
    await client.event("connection", state="disconnected", code=40142)
    await client.event("connection", state="connected")
    assert await client.do("id") == connected["id"]


async def test_batch_publish_reports_success_and_failure_per_channel(open_js: OpenJs) -> None:
    client = await open_js()
    await client.connect()
    specs = [{"channels": ["a", "::"], "messages": [{"data": "x"}]}]
    (answer,) = await client.do("batchPublish", specs=specs)
    assert (answer["successCount"], answer["failureCount"]) == (1, 1)
    assert answer["results"][1]["error"]["code"] == 40010


async def test_status_and_time_are_returned(open_js: OpenJs) -> None:
    client = await open_js()
    await client.connect()
    await client.do("subscribe", name="chat")
    status = await client.do("status", name="chat")
    assert status["status"]["occupancy"]["metrics"]["subscribers"] == 1
    assert await client.do("time") > 1_700_000_000_000


@pytest.mark.parametrize("key", [None, "nobody.key:secret"])
async def test_a_wrong_key_fails_the_connection(
    open_js: OpenJs, local_ably: LocalAbly, key: str | None
) -> None:
    client = await open_js()
    with pytest.raises(AblyJsError) as refused:
        await client.connect(key=key or local_ably.api_key + "x")
    assert (refused.value.code, refused.value.status) == (40101, 401)


@pytest.mark.parametrize(
    ("capability", "command", "arguments"),
    [
        ({"mine": ["*"]}, "attach", {"name": "other"}),
        ({"mine": ["subscribe"]}, "publish", {"name": "mine", "messages": [{"data": "x"}]}),
        ({"mine": ["subscribe"]}, "presence", {"name": "mine", "how": "enter"}),
        ({"mine": ["publish"]}, "history", {"name": "mine", "params": {}}),
    ],
)
async def test_a_denied_capability_is_40160(
    open_js: OpenJs, capability: dict[str, Any], command: str, arguments: dict[str, Any]
) -> None:
    client = await open_js()
    await client.connect(tokens={"capability": capability, "clientId": "alice"})
    with pytest.raises(AblyJsError) as denied:
        await client.do(command, **arguments)
    assert (denied.value.code, denied.value.status) == (40160, 401)


async def test_a_channel_gets_the_modes_that_the_capability_allows(open_js: OpenJs) -> None:
    client = await open_js()
    await client.connect(tokens={"capability": {"chat": ["subscribe"]}})
    await client.do("attach", name="chat")
    assert sorted(await client.do("modes", name="chat")) == ["presence_subscribe", "subscribe"]
    assert await client.do("detach", name="chat") == "detached"


async def test_a_message_that_is_too_large_is_refused(open_js: OpenJs) -> None:
    client = await open_js()
    await client.connect()
    with pytest.raises(AblyJsError) as refused:
        await client.do("restPublish", name="chat", messages=[{"data": "x" * 65_537}])
    assert refused.value.code == 40009
