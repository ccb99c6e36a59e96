"""The page in Chromium, against all parts that `python -m local` starts."""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Locator, Page, WebSocketRoute, expect

from tests.fixtures.browser import OpenPage

expect.set_options(timeout=10_000)  # milliseconds

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Reader:
    """One user of the page."""

    page: Page
    name: str

    def message(self, text: str) -> Locator:
        shown = self.page.get_by_test_id("message-text").get_by_text(text, exact=True)
        return self.page.get_by_test_id("message").filter(has=shown)

    def online(self, name: str) -> Locator:
        return self.page.get_by_test_id("online").filter(has_text=name)

    async def connected(self) -> None:
        await expect(self.page.get_by_test_id("connection")).to_have_text("connected")

    async def send(self, text: str) -> None:
        await self.page.get_by_test_id("message-input").fill(text)
        await self.page.get_by_test_id("send").click()

    async def edit(self, text: str, new_text: str) -> None:
        message = self.message(text)
        await message.hover()
        await message.get_by_test_id("edit").click()
        # The message is now a form, so its text can no longer locate it.
        await self.page.get_by_test_id("edit-input").fill(new_text)
        await self.page.get_by_test_id("edit-save").click()

    async def delete(self, text: str) -> None:
        message = self.message(text)
        await message.hover()
        await message.get_by_test_id("delete").click()
        await message.get_by_test_id("delete-confirm").click()


def unique(text: str) -> str:
    """Make a text unique, because other tests use the same database."""
    return f"{text} {secrets.token_hex(4)}"


Join = Callable[[str], Awaitable[Reader]]


async def enter(page: Page, url: str, name: str) -> Reader:
    """Open the page as a new user."""
    reader = Reader(page, unique(name))
    await page.goto(url)
    await page.get_by_test_id("name-input").fill(reader.name)
    await page.get_by_test_id("name-form").get_by_role("button").click()
    await reader.connected()
    return reader


@pytest.fixture
def page_url(local_run: dict[str, Any]) -> str:
    return str(local_run["page_url"])


@pytest.fixture
def join(open_page: OpenPage, page_url: str) -> Join:
    """Open the page for another user, each with a separate browser session."""

    async def join(name: str) -> Reader:
        return await enter(await open_page(), page_url, name)

    return join


async def test_two_readers_see_each_other_and_what_both_write(join: Join) -> None:
    ann = await join("Ann")
    bob = await join("Bob")
    for reader in (ann, bob):
        await expect(reader.online(ann.name)).to_be_visible()
        await expect(reader.online(bob.name)).to_be_visible()

    question, answer = unique("Is anyone here?"), unique("I am.")
    await ann.send(question)
    await expect(bob.message(question)).to_be_visible()
    await bob.send(answer)
    for reader in (ann, bob):
        await expect(reader.message(question).get_by_test_id("message-author")).to_have_text(
            ann.name
        )
        await expect(reader.message(answer).get_by_test_id("message-author")).to_have_text(bob.name)


async def test_a_reader_who_leaves_is_no_longer_online(join: Join) -> None:
    ann = await join("Ann")
    bob = await join("Bob")
    await expect(ann.online(bob.name)).to_be_visible()
    await bob.page.goto("about:blank")
    await expect(ann.online(bob.name)).to_have_count(0)


async def test_an_edit_reaches_everyone_and_is_marked(join: Join) -> None:
    ann = await join("Ann")
    bob = await join("Bob")
    before, after = unique("Helo"), unique("Hello")
    await ann.send(before)
    await ann.edit(before, after)
    for reader in (ann, bob):
        await expect(reader.message(after).get_by_test_id("message-edited")).to_be_visible()
        await expect(reader.message(before)).to_have_count(0)


async def test_a_deleted_message_disappears_permanently_for_everyone(join: Join) -> None:
    ann = await join("Ann")
    bob = await join("Bob")
    text, later = unique("Forget this"), unique("What?")
    await ann.send(text)
    await expect(bob.message(text)).to_be_visible()
    await ann.delete(text)
    await expect(ann.message(text)).to_have_count(0)
    await expect(bob.message(text)).to_have_count(0)

    await bob.send(later)
    await ann.page.reload()
    await expect(ann.message(later)).to_be_visible()
    await expect(ann.message(text)).to_have_count(0)


async def test_only_the_author_can_change_a_message(join: Join) -> None:
    ann = await join("Ann")
    bob = await join("Bob")
    text = unique("Mine")
    await ann.send(text)
    await expect(ann.message(text).get_by_test_id("edit")).to_have_count(1)
    await expect(bob.message(text)).to_be_visible()
    await expect(bob.message(text).get_by_test_id("edit")).to_have_count(0)
    await expect(bob.message(text).get_by_test_id("delete")).to_have_count(0)


async def test_after_a_reload_old_messages_still_belong_to_their_author(join: Join) -> None:
    ann = await join("Ann")
    before, after = unique("Written before"), unique("Edited after")
    await ann.send(before)
    await expect(ann.message(before)).to_be_visible()

    await ann.page.reload()
    await ann.connected()
    await expect(ann.message(before)).to_be_visible()
    await expect(ann.online(ann.name)).to_have_count(1)
    await ann.edit(before, after)
    await expect(ann.message(after).get_by_test_id("message-edited")).to_be_visible()


async def test_a_reader_who_joins_late_sees_earlier_messages(join: Join) -> None:
    ann = await join("Ann")
    texts = [unique("First"), unique("Second")]
    for text in texts:
        await ann.send(text)
        await expect(ann.message(text)).to_be_visible()

    eve = await join("Eve")
    await expect(eve.message(texts[1])).to_be_visible()
    shown = await eve.page.get_by_test_id("message-text").all_inner_texts()
    assert [text for text in shown if text in texts] == texts


async def test_markup_in_messages_and_names_is_shown_as_text(join: Join) -> None:
    mallory = await join("<b>Mallory</b>")
    bob = await join("Bob")
    text = unique("<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>")
    await mallory.send(text)
    for reader in (mallory, bob):
        message = reader.message(text)
        await expect(message.get_by_test_id("message-text")).to_have_text(text)
        await expect(message.get_by_test_id("message-author")).to_have_text(mallory.name)
        await expect(message.locator("img, script, b")).to_have_count(0)
        await expect(reader.page).to_have_title("Chat")


async def test_a_reader_catches_up_after_a_lost_connection(
    join: Join, open_page: OpenPage, page_url: str
) -> None:
    page = await open_page()
    line_is_cut = False
    sockets: list[WebSocketRoute] = []

    async def route(socket: WebSocketRoute) -> None:
        if line_is_cut:
            await socket.close()
        else:
            sockets.append(socket)
            socket.connect_to_server()

    await page.route_web_socket(re.compile(r"^ws"), route)
    ann = await enter(page, page_url, "Ann")
    bob = await join("Bob")

    line_is_cut = True
    await sockets[-1].close()
    await expect(page.get_by_test_id("connection")).not_to_have_text("connected")
    missed, kept = unique("Did you miss me?"), unique("I wrote this without a line")
    await bob.send(missed)
    await expect(bob.message(missed)).to_be_visible()
    await ann.send(kept)
    await expect(page.get_by_test_id("pending-message")).to_contain_text("Sending")

    line_is_cut = False
    await page.evaluate("dispatchEvent(new Event('online'))")  # else it waits 15 s to try again
    await ann.connected()
    await expect(ann.message(missed)).to_be_visible()
    for reader in (ann, bob):
        await expect(reader.message(kept)).to_have_count(1)


async def test_the_page_connects_only_to_this_machine_and_logs_no_error(
    open_page: OpenPage, page_url: str
) -> None:
    hosts: set[str | None] = set()
    complaints: list[str] = []
    page = await open_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).hostname))

    ann = await enter(page, page_url, "Ann")
    text, edited = unique("Hello"), unique("Hello again")
    await ann.send(text)
    await ann.edit(text, edited)
    await expect(ann.message(edited).get_by_test_id("message-edited")).to_be_visible()
    await ann.delete(edited)
    await expect(ann.message(edited)).to_have_count(0)

    assert complaints == []
    assert hosts <= LOOPBACK
