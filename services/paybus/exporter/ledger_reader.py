"""The ledger's figures: what is open and unknown, what waits to go out, and how commands ended."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import NoReturn

from paybus.exporter.answer_count import AnswerCount
from paybus.exporter.source import Source
from paybus.ledger.book import OpenOperations, OutboxLevel, open_operations, outbox_level
from paybus.ledger.pool import Pool, open_pool
from paybus.telemetry.metrics.ledger import LedgerMetrics
from paybus.trades.operation import OPEN, Kind, OperationState


class LedgerReader:
    """Reads the ledger at *url* and never writes to it."""

    def __init__(self, url: str, metrics: LedgerMetrics, answers: AnswerCount, *, source: Source) -> None:
        self._url = url
        self._metrics = metrics
        self._answers = answers
        self._source = source

    async def read_on(self) -> NoReturn:
        """Show the figures every few seconds; raises LedgerError when the ledger is away."""
        async with open_pool(self._url, application_name="paybus-exporter", most=1) as pool:
            while True:
                await self._read(pool)
                self._source.note_read()
                await asyncio.sleep(self._source.every_seconds)

    async def _read(self, pool: Pool) -> None:
        operations, outbox = await open_operations(pool), await outbox_level(pool)
        await self._answers.count_new(pool)
        self._show_operations(operations)
        self._show_outbox(outbox)

    def _show_operations(self, operations: Sequence[OpenOperations]) -> None:
        groups = self._metrics.groups
        of_group: dict[str, list[OpenOperations]] = {name: [] for name in groups.names}
        for one in operations:
            of_group[groups.of(one.merchant_id)].append(one)
        for name, found in of_group.items():
            self._show_group(name, found)

    def _show_group(self, group: str, operations: Sequence[OpenOperations]) -> None:
        counts = Counter[tuple[str, str]]()
        for one in operations:
            counts[one.kind, one.state] += one.count
        for kind, state in product(Kind, OPEN):
            self._metrics.operations_open.of(kind, state, group).set(counts[kind, state])
        unknown = [one for one in operations if one.state == OperationState.UNKNOWN]
        oldest_seconds = max((one.oldest_seconds for one in unknown), default=0.0)
        self._metrics.unknown_oldest_seconds.of(group).set(oldest_seconds)
        self._metrics.unknown_amount_fen.of(group).set(sum(one.amount_fen for one in unknown))

    def _show_outbox(self, outbox: OutboxLevel) -> None:
        self._metrics.outbox_pending.set(outbox.pending)
        self._metrics.outbox_oldest_seconds.set(outbox.oldest_seconds)
