"""An unmodified ably-js in Chromium, on a page of another origin than the local Ably."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.fixtures.ably import LocalAbly
from tests.fixtures.browser import OpenPage

ABLY_JS = Path(__file__).parents[3] / "web" / "node_modules" / "ably" / "build" / "ably.min.js"

# `next` waits for an event of a kind, in the order of arrival.
HARNESS = """
window.waiting = {}, window.come = {};
window.note = (kind, fact) => {
  const waiter = (waiting[kind] ??= []).shift();
  waiter ? waiter(fact) : (come[kind] ??= []).push(fact);
};
window.next = (kind) => new Promise((done) => {
  const fact = (come[kind] ??= []).shift();
  fact ? done(fact) : (waiting[kind] ??= []).push(done);
});
window.start = (options) => {
  window.client = new Ably.Realtime({ logLevel: 0, disconnectedRetryTimeout: 200, ...options });
  client.connection.on(({ current }) => note(current, { id: client.connection.id }));
  window.chat = client.channels.get('chat');
  chat.on('attached', ({ resumed }) => note('attached', { resumed }));
  return next('connected');
};
window.listen = async () => {
  await chat.subscribe(({ name, data, clientId }) => note('message', { name, data, clientId }));
  await chat.presence.subscribe(({ action, clientId, data }) =>
    note('presence', { action, clientId, data }));
};
"""

Start = Callable[..., Awaitable[Page]]


@pytest.fixture
def start(open_page: OpenPage, local_ably: LocalAbly, *, binary: bool) -> Start:
    """Open a page in its own session; its client connects and subscribes to `chat`."""

    async def start(client_id: str) -> Page:
        page = await open_page()
        # Another origin than the endpoint's, yet of this machine: the browser lets no page of the
        # internet at `localhost`.
        await page.goto(f"http://127.0.0.1:{local_ably.port}/time")
        await page.add_script_tag(path=ABLY_JS)
        await page.add_script_tag(content=HARNESS)
        options = {
            "key": local_ably.api_key,
            "clientId": client_id,
            "endpoint": "localhost",
            "port": local_ably.port,
            "tls": False,
            "useBinaryProtocol": binary,
        }
        await page.evaluate(f"start({json.dumps(options)})")
        await page.evaluate("listen()")
        return page

    return start


async def come(page: Page, kind: str) -> Any:
    """The next event of a kind on a page."""
    return await page.evaluate(f"next('{kind}')")


async def test_browsers_publish_to_each_other_and_see_the_members(start: Start) -> None:
    alice, bob = await start("alice"), await start("bob")
    await alice.evaluate("chat.presence.enter({ typing: true })")
    entered = {"action": "enter", "clientId": "alice", "data": {"typing": True}}
    assert await come(bob, "presence") == entered
    result = await alice.evaluate("chat.publish('greeting', { text: 'é 🎈' })")
    assert len(result["serials"]) == 1
    greeting = {"name": "greeting", "data": {"text": "é 🎈"}, "clientId": "alice"}
    assert await come(bob, "message") == greeting
    present = "chat.presence.get().then((all) => all.map((each) => each.clientId))"
    assert await bob.evaluate(present) == ["alice"]
    past = "chat.history().then((page) => page.items.map((each) => each.data.text))"
    assert await bob.evaluate(past) == ["é 🎈"]
    await alice.evaluate("client.close()")
    assert (await come(bob, "presence"))["action"] == "leave"


async def test_a_disconnected_browser_resumes_and_misses_nothing(
    start: Start, local_ably: LocalAbly
) -> None:
    alice, bob = await start("alice"), await start("bob")
    connection_id = await bob.evaluate("client.connection.id")
    await bob.evaluate("chat.presence.enter()")
    assert await come(bob, "attached") == {"resumed": False}
    local_ably.cut_connections()
    await come(bob, "disconnected")
    publish = "client.request('POST', '/channels/chat/messages', 5, null, {data: 'missed'}, null)"
    assert await alice.evaluate(f"{publish}.then((answer) => answer.statusCode)") == 201
    assert (await come(bob, "message"))["data"] == "missed"
    assert await come(bob, "connected") == {"id": connection_id}
    assert await come(bob, "attached") == {"resumed": True}
    present = "chat.presence.get().then((all) => all.map((each) => each.clientId))"
    assert await alice.evaluate(present) == ["bob"]
