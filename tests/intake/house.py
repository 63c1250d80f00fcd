"""An intake on a ledger of the test's own, and what can go wrong around it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiokafka.errors import KafkaError, RequestTimedOutError
import asyncpg
from prometheus_client import CollectorRegistry
from tests.intake.records import reader

from paybus.intake.dead_letter import DeadLetters
from paybus.intake.intake import Intake
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.worker import enroll
from paybus.telemetry.metrics.worker import WorkerMetrics
from paybus.trades.operation import Kind

Headers = Sequence[tuple[str, bytes | None]]


@dataclass
class Cemetery:
    """A dead-letter topic in memory. It refuses with `errors` in turn, before it takes anything."""

    errors: list[KafkaError] = field(default_factory=list)
    letters: list[tuple[bytes | None, bytes | None, Headers]] = field(default_factory=list)
    refused: int = 0

    async def send_and_wait(
        self, topic: str, value: bytes | None, *, key: bytes | None, headers: Headers
    ) -> None:
        """Take a letter, or refuse it."""
        if self.errors:
            self.refused += 1
            raise self.errors.pop(0)
        self.letters.append((key, value, headers))


def away(times: int) -> list[KafkaError]:
    """Give the errors of a broker that is away for so many tries."""
    return [RequestTimedOutError() for _ in range(times)]


class BreakingPool:
    """A pool whose connections break: before the statement, or after PostgreSQL has committed it.

    `breaks` has one word for each statement to come: "before", "after", or "" for one that goes well.
    """

    def __init__(self, pool: Pool, *breaks: str) -> None:
        self._pool = pool
        self.breaks = list(breaks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def fetch(self, *statement: Any) -> Any:
        """Run a statement, or lose it, or its answer."""
        how = self.breaks.pop(0) if self.breaks else ""
        if how == "before":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        rows = await self._pool.fetch(*statement)
        if how == "after":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return rows


@dataclass
class House:
    """An intake, and what it hands over."""

    intake: Intake
    registry: CollectorRegistry
    handed_over: list[Held]

    def counted(self, result: str) -> float:
        """Give the number of records with that result."""
        labels = {"kind": self.intake.reader.kind.value, "result": result}
        return self.registry.get_sample_value("paybus_intake_records_total", labels) or 0.0


async def open_house(pool: Any, cemetery: Cemetery | None = None, *, kind: Kind = Kind.PAY) -> House:
    """Give the intake of a new worker."""
    worker_id, registry, handed_over = uuid4(), CollectorRegistry(), list[Held]()
    await enroll(pool, worker_id, kind.value)
    intake = Intake(
        reader=reader(kind),
        letters=DeadLetters(cemetery or Cemetery(), "letters"),
        pool=pool,
        worker_id=worker_id,
        metrics=WorkerMetrics(registry, kind),
        giving=asyncio.Lock(),
        hand_over=handed_over.extend,
    )
    return House(intake, registry, handed_over)
