"""A batch of records becomes durable: in the ledger, or as dead letters. Only then may it be committed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from aiokafka.errors import KafkaError
import structlog

from paybus.contracts.errors import NotACommandError
from paybus.contracts.event import Announcement
from paybus.intake.dead_letter import DeadLetters
from paybus.intake.reading import Reader, Record
from paybus.intake.spans import Entry, end, entered
from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.telemetry.metrics.worker import WorkerMetrics
from paybus.telemetry.seam import Seam, reach

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
"""Between tries while the ledger or the broker is away: the batch waits, and Kafka keeps the rest."""

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(slots=True)
class _Sorted:
    acceptances: list[Acceptance] = field(default_factory=list)
    rejections: list[Announcement] = field(default_factory=list)
    letters: list[tuple[Record, NotACommandError]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes batches for one worker. *hand_over* starts the new operations and must not wait for them.

    *giving* is held while the ledger gives us operations that the worker does not know of yet.
    """

    reader: Reader
    letters: DeadLetters
    pool: Pool
    worker_id: UUID
    metrics: WorkerMetrics
    giving: asyncio.Lock
    hand_over: Callable[[Sequence[Held]], None]

    async def take(self, records: Sequence[Record]) -> None:
        """Return when every record of the batch is durable; tries for as long as that takes.

        Cancelling it is safe at any moment: what was accepted is accepted, and is not accepted again.
        """
        reach(Seam.RECORD_FETCHED)
        batch = self._sort(records)
        async with asyncio.TaskGroup() as group:
            for record, error in batch.letters:
                group.create_task(self._bury(record, error))
        accepted = await _persist("accept", partial(self._accept, batch))
        end(batch.entries, accepted, self.reader.kind)
        self._count(batch, accepted)

    def _sort(self, records: Sequence[Record]) -> _Sorted:
        batch = _Sorted()
        for record in records:
            try:
                read = self.reader.read(record)
            except NotACommandError as error:
                batch.letters.append((record, error))
                continue
            read, entry = entered(record, read, self.reader.kind)
            if entry is not None:
                batch.entries.append(entry)
            if isinstance(read, Acceptance):
                batch.acceptances.append(read)
            else:
                batch.rejections.append(read)
        return batch

    async def _bury(self, record: Record, error: NotACommandError) -> None:
        await _persist("dead_letter", partial(self.letters.bury, record, error))
        _log.warning("intake.dead_letter", reason=error.reason, topic=record.topic, offset=record.offset)

    async def _accept(self, batch: _Sorted) -> Accepted:
        async with self.giving:
            reach(Seam.ACCEPT_NOT_COMMITTED)
            accepted = await accept(self.pool, self.worker_id, batch.acceptances, rejections=batch.rejections)
            reach(Seam.ACCEPT_COMMITTED)
            self.hand_over(accepted.held)
        return accepted

    def _count(self, batch: _Sorted, accepted: Accepted) -> None:
        self.metrics.count("accepted", len(accepted.held) + accepted.doubted)
        self.metrics.count("duplicate", accepted.duplicates)
        self.metrics.count("rejected", len(batch.rejections) + accepted.conflicts)
        self.metrics.count("dead_letter", len(batch.letters))
        if batch.acceptances:
            oldest = min(acceptance.asked_for_at for acceptance in batch.acceptances)
            self.metrics.accepted_after(max(0.0, (datetime.now(UTC) - oldest).total_seconds()))


async def _persist(what: str, act: Callable[[], Awaitable[Result]]) -> Result:
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await act()
        except (LedgerUnavailableError, KafkaError) as error:
            _log.warning("intake.waits", what=what, error=type(error).__name__, seconds=pause_seconds)
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
