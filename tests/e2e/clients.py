"""Chat clients without a browser: ably-python and ably-js as published by Ably."""

import asyncio
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ably import AblyRealtime, AblyRest
from ably.types.message import Message

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("chat_client.mjs")
DEADLINE_SECONDS = 15

Change = dict[str, Any]


class ChatClient(ABC):
    """A client that gets its token from the run's auth endpoint.

    Attributes:
        client_id: its client id in Ably.
        changes: the changes of the chat's table that it received, in order.
        members: the members that are online, as last received.
    """

    def __init__(self, run: dict[str, Any]) -> None:
        self.run = run
        self.client_id = ""
        self.changes: list[Change] = []
        self.members: list[dict[str, Any]] = []
        self._news = asyncio.Condition()

    @abstractmethod
    async def connect(self) -> None:
        """Connect and start receiving changes."""

    @abstractmethod
    async def publish(self, name: str, data: Any) -> None:
        """Publish on the outgoing channel."""

    @abstractmethod
    async def enter(self, username: str) -> None:
        """Enter presence under a name, and receive the members."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect."""

    async def say(self, content: str, *, username: str = "tester") -> Change:
        """Send a chat message; returns the change with its row."""
        await self.publish("chatMsg", {"username": username, "content": content})
        row: dict[str, Any] = (await self.wait_for("INSERT", content))["row"]
        return row

    async def edit(self, msg_id: str, content: str) -> None:
        await self.publish(
            "editedMsg", {"username": "tester", "content": content, "msgIdToEdit": msg_id}
        )

    async def delete(self, msg_id: str) -> None:
        await self.publish("deletedMsg", {"msgIdToDelete": msg_id})

    async def wait_for(self, kind: str, content: str) -> Change:
        """The first change of this kind to a row with this content, already received or not."""

        def found() -> Change | None:
            for change in self.changes:
                if change["type"] == kind and change["row"].get("msg_data") == content:
                    return change
            return None

        change: Change = await self._wait(found)
        return change

    async def wait_for_deletion(self, msg_id: str) -> Change:
        """The change that deletes a message, already received or not."""

        def found() -> Change | None:
            for change in self.changes:
                if change["type"] == "DELETE" and change["row"]["msg_id"] == msg_id:
                    return change
            return None

        change: Change = await self._wait(found)
        return change

    async def wait_until_online(self, username: str, *, gone: bool = False) -> None:
        """Wait until a member of that name is online, or with `gone` until none is."""
        await self._wait(
            lambda: gone != any(member["data"] == {"username": username} for member in self.members)
        )

    async def _heard(self, note: Callable[[], None]) -> None:
        async with self._news:
            note()
            self._news.notify_all()

    async def _wait(self, found: Callable[[], Any]) -> Any:
        async with asyncio.timeout(DEADLINE_SECONDS), self._news:
            await self._news.wait_for(found)
            return found()


class PythonClient(ChatClient):
    """ably-python."""

    async def connect(self) -> None:
        # Its WebSocket ignores `port`, so the endpoint contains it; its REST client needs it apart.
        port = self.run["ably"]["port"]
        self._rest = AblyRest(
            auth_url=self.run["auth_url"], endpoint="localhost", port=port, tls=False
        )
        self._realtime = AblyRealtime(
            auth_callback=self._token, endpoint=f"localhost:{port}", tls=False
        )
        self._outgoing = self._realtime.channels.get("outgoing-chat")
        await self._realtime.channels.get("incoming-chat").subscribe(self._received)
        self.client_id = self._realtime.auth.client_id

    async def publish(self, name: str, data: Any) -> None:
        await self._outgoing.publish(name, data)

    async def enter(self, username: str) -> None:
        await self._outgoing.presence.subscribe(self._presence_changed)
        await self._outgoing.presence.enter({"username": username})

    async def close(self) -> None:
        await self._realtime.close()
        await self._rest.close()

    async def _token(self, _params: Any) -> Any:
        return await self._rest.auth.authorize()

    async def _received(self, message: Message) -> None:
        await self._heard(partial(self.changes.append, json.loads(message.data)))

    async def _presence_changed(self, _event: Any) -> None:
        members = await self._outgoing.presence.get()
        known = [{"clientId": member.client_id, "data": member.data} for member in members]
        await self._heard(partial(setattr, self, "members", known))


class JavaScriptClient(ChatClient):
    """ably-js in Node."""

    async def connect(self) -> None:
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(SCRIPT),
            env={**os.environ, "WEB_PACKAGE_JSON": str(ROOT / "web" / "package.json")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())
        port = self.run["ably"]["port"]
        self.client_id = await self._do("connect", authUrl=self.run["auth_url"], port=port)

    async def publish(self, name: str, data: Any) -> None:
        await self._do("publish", name=name, data=data)

    async def enter(self, username: str) -> None:
        await self._do("enter", data={"username": username})

    async def close(self) -> None:
        self._send("close")
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._process.wait()
            await self._reading

    async def _do(self, command: str, **arguments: Any) -> Any:
        self._send(command, **arguments)
        async with asyncio.timeout(DEADLINE_SECONDS):
            answer = await self._answers.get()
        assert "ok" in answer, answer
        return answer["ok"]

    def _send(self, command: str, **arguments: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            document = json.loads(line)
            if "change" in document:
                await self._heard(partial(self.changes.append, document["change"]))
            elif "members" in document:
                await self._heard(partial(setattr, self, "members", document["members"]))
            else:
                await self._answers.put(document)
