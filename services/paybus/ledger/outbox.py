"""The outbox as the relay sees it: what is there is read in order, and deleted when Kafka has it.

Nobody remembers "the highest number published": numbers are taken before the commit, so a lower one
may appear later. One relay a shard, by an advisory lock that dies with its connection; all relays share
one more lock, by which each counts them and takes its part.

Writers notify only while a relay says that it sleeps, for a notification makes every commit of the
database wait in line. Each relay says so in the row of its lowest shard, which is nobody else's as long
as it lives; whoever takes the shard over afterwards clears it.
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
BUSY_READS: Final = 8
"""After so many reads in a row that found something, writers need not notify: we look anyway."""

SECOND_LOOK_SECONDS: Final = 0.05
"""A statement that began before we said that we sleep sends no notification: by now it is committed."""

_LOCK_SPACE: Final = 0x7061  # "pa": our part of the database's advisory locks
_PRESENT: Final = SHARDS  # the number of the lock that all relays share
_COUNT: Final = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TAKE: Final = "SELECT i FROM unnest($2::int[]) AS i WHERE pg_try_advisory_lock($1, i) LIMIT $3"
_GIVE_UP: Final = "SELECT pg_advisory_unlock($1, i) FROM unnest($2::int[]) AS i"
# OFFSET 0: one lookup for each, also where the planner thinks that more wait than do.
_READ: Final = """
SELECT o.outbox_id, o.ce_id, e.*
FROM (
    SELECT outbox_id, ce_id FROM outbox WHERE shard = ANY($1::smallint[]) ORDER BY outbox_id LIMIT $2
) AS o, LATERAL (
    SELECT ce_type, charge_code, occurred_at, traceparent, value FROM event WHERE ce_id = o.ce_id OFFSET 0
) AS e ORDER BY o.outbox_id
"""
_SAY: Final = "UPDATE relay SET asleep = $2 WHERE shard = ANY($1::smallint[]) AND asleep <> $2"


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
        self._asleep = False  # what the writers are told
        self._found_in_a_row = 0
        self._next_sleep_seconds = float("inf")
        self.shards: tuple[int, ...] = ()

    async def listen(self) -> None:
        """Begin to hear of new events. Raises LedgerError."""
        with translated():
            # What this connection deletes may come back after a crash of the server: it is sent once more.
            await self._connection.execute("SET synchronous_commit = off")
            await self._connection.execute("SELECT pg_advisory_lock_shared($1, $2)", _LOCK_SPACE, _PRESENT)
            await self._connection.add_listener(CHANNEL, lambda *_: self._woken.set())

    async def take_shards(self) -> None:
        """Take our part of the shards, or give up what is more than that. Raises LedgerError.

        To be called every now and then, while nothing that was read is still to be published.
        """
        with translated():
            relays = await self._connection.fetchval(_COUNT, _LOCK_SPACE, _PRESENT)
            part = -(-SHARDS // max(1, relays))  # rounded up: together the parts are all
            if len(self.shards) > part:
                await self._connection.execute(_GIVE_UP, _LOCK_SPACE, self.shards[part:])
                self.shards = self.shards[:part]
            elif len(self.shards) < part:
                await self._take(part - len(self.shards))

    async def _take(self, most: int) -> None:
        others = [shard for shard in range(SHARDS) if shard not in self.shards]
        rows = await self._connection.fetch(_TAKE, _LOCK_SPACE, others, most)
        if rows:
            self.shards = tuple(sorted([*self.shards, *(row["i"] for row in rows)]))
            await self._say(asleep=False)

    async def read(self, most: int) -> list[Pending]:
        """Give the oldest pending events of our shards. Raises LedgerError."""
        self._woken.clear()
        with translated():
            rows = await self._connection.fetch(_READ, self.shards, most)
        self._found_in_a_row = self._found_in_a_row + 1 if rows else 0
        if self._asleep and self._found_in_a_row >= BUSY_READS:
            await self._say(asleep=False)
        return [Pending(*row) for row in rows]

    async def delete(self, pending: Sequence[Pending]) -> None:
        """Strike out what Kafka has. Raises LedgerError."""
        ids = [one.outbox_id for one in pending]
        with translated():
            await self._connection.execute("DELETE FROM outbox WHERE outbox_id = ANY($1::bigint[])", ids)

    async def sleep(self, seconds: float) -> None:
        """Wait for news after a read that found nothing; returns after *seconds*, or earlier: read again.

        Raises LedgerError.
        """
        if not self._asleep and self.shards:
            # Not asleep yet: what was committed before this was seen is found by the read that follows.
            await self._say(asleep=True)
            self._next_sleep_seconds = SECOND_LOOK_SECONDS
            return
        with suppress(TimeoutError):
            # Of wait_for, until Python 3.12, a cancel gets lost that comes together with news.
            async with asyncio.timeout(min(seconds, self._next_sleep_seconds)):
                await self._woken.wait()
        self._next_sleep_seconds = float("inf")

    async def _say(self, *, asleep: bool) -> None:
        rows = self.shards[:1] if asleep else self.shards
        with translated():
            await self._connection.execute(_SAY, rows, asleep)
        self._asleep = asleep
