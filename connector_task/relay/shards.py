"""How the processes of one database share its shards out: how many each of them may lead. Pure.

Every process knows how many there are and its own place among them, and leads as many shards as
fall to that place, whichever they are. So all are led and none has to agree with another: what two
processes believe for a moment decides nothing, since who leads a shard is a matter of its lock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class ShardAssignment:
    """This process's part of the shards.

    Attributes:
        shards: of the database.
        quota: how many of them this process may lead; all of one, until it knows of others.
        leading: those that it leads.
    """

    shards: int = 1
    quota: int = 1
    leading: set[int] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def rebalance(self, place: int, members: int) -> None:
        """Learn how many processes there are, and which of them this is, counted from 0."""
        has_more = place < self.shards % members
        self.quota = self.shards // members + has_more

    def surplus(self) -> list[int]:
        """The shards to hand over since others have come."""
        return sorted(self.leading)[self.quota :]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """The right to ask for one more shard's lead, or not: one at a time, within the quota."""
        async with self._turn:
            yield len(self.leading) < self.quota
