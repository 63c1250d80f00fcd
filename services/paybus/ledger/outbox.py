"""The outbox as the relay sees it: what is there is read in order, and deleted when Kafka has it.

Nobody remembers "the highest number published": numbers are taken before the commit, so a lower one
may appear later. One relay a shard, by an advisory lock that dies with its connection.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paybus.ledger.errors import translated
from paybus.ledger.shard import SHARDS

CHANNEL: Final = "paybus_outbox"
_LOCK_SPACE: Final = 0x7061  # "pa": our part of the database's advisory locks
_READ: Final = """
SELECT outbox_id, ce_id, ce_type, charge_code, occurred_at, traceparent, value
FROM (SELECT outbox_id, ce_id FROM outbox WHERE shard = ANY($1::smallint[]) ORDER BY outbox_id LIMIT $2) AS o
JOIN event USING (ce_id) ORDER BY outbox_id
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is to go to Kafka."""

    outbox_id: int
    ce_id: str
    ce_type: str
    charge_code: str
    occurred_at: datetime
    traceparent: str | None
    value: bytes


class Outbox:
    """The outbox on one connection of its own, whose end gives up every shard."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._woken = asyncio.Event()
        self.shards: tuple[int, ...] = ()

    async def listen(self) -> None:
        """Begin to hear of new events. Raises LedgerError."""
        with translated():
            await self._connection.add_listener(CHANNEL, lambda *_: self._woken.set())

    async def take_shards(self) -> None:
        """Take every shard that no other relay has. Raises LedgerError."""
        free = [shard for shard in range(SHARDS) if shard not in self.shards]
        query = "SELECT i FROM unnest($2::int[]) AS i WHERE pg_try_advisory_lock($1, i)"
        with translated():
            rows = await self._connection.fetch(query, _LOCK_SPACE, free)
        self.shards = tuple(sorted([*self.shards, *(row["i"] for row in rows)]))

    async def read(self, most: int) -> list[Pending]:
        """Give the oldest pending events of our shards. Raises LedgerError."""
        with translated():
            rows = await self._connection.fetch(_READ, self.shards, most)
        return [Pending(*row) for row in rows]

    async def delete(self, pending: Sequence[Pending]) -> None:
        """Strike out what Kafka has. Raises LedgerError."""
        ids = [one.outbox_id for one in pending]
        with translated():
            await self._connection.execute("DELETE FROM outbox WHERE outbox_id = ANY($1::bigint[])", ids)

    async def sleep(self, seconds: float) -> None:
        """Wait for news, at most *seconds*. Writers notify only while somebody sleeps. Raises LedgerError."""
        self._woken.clear()
        with translated():
            await self._connection.execute("UPDATE relay SET asleep = true")
            # What was committed before `asleep` was seen has sent no notification.
            if not await self._connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), seconds)
