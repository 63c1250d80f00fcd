"""The worker: holds operations and carries each out in its trade's lane.

What it holds is in the ledger under its id. Whatever happens to the process, another worker finds it there
and asks the gateway before it sends anything.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
import time
from typing import Final
from uuid import UUID

import structlog

from paybus.execution.heart import Heart
from paybus.execution.lane import Lanes
from paybus.execution.ledger_clock import SLACK_SECONDS
from paybus.execution.limits import Limits
from paybus.execution.spans import taken_over
from paybus.execution.turn import StoppingError, Turns
from paybus.ledger.claim import claim_due, count_waiting, release
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.stocktaking import Stocktaking
from paybus.ledger.worker import free_orphans
from paybus.telemetry.trace import work_on
from paybus.trades.operation import Kind

MOST_CLAIMED: Final = 500
"""Operations taken in one look at the ledger: the size of a batch of commands."""

LOOK_SECONDS: Final = 0.2
"""Between looks for due operations: what is due was waiting for longer already."""

STOCKTAKING_SECONDS: Final = 10.0
"""What was lost on its way to us is found at the second: a customer at the till waits 80 s at most."""

FAILED_SECONDS: Final = 30.0
"""How long an operation rests that met a mistake of ours, so that it is not tried in a circle."""

RELEASE_SECONDS: Final = 10.0
"""How long a stop tries to give operations back; after that, others take them over like after a crash."""

_log = structlog.get_logger(__name__)


class Worker:
    """Carries out the operations of one kind.

    `giving` must be held by whoever has the ledger give operations to this worker, until `take_on` knows
    them: nobody else can tell those that are on their way from those that were lost on it.
    """

    def __init__(
        self, pool: Pool, worker_id: UUID, kind: Kind, *, turns: Turns, heart: Heart, limits: Limits
    ) -> None:
        self.giving = asyncio.Lock()
        self._pool = pool
        self._worker_id = worker_id
        self._kind = kind
        self._turns = turns
        self._heart = heart
        self._limits = limits
        self._lanes = Lanes()
        self._tasks: dict[asyncio.Task[None], int] = {}  # and the operation that each carries out
        self._waiting = 0  # operations in the ledger that wait to be sent, as of the last look
        self._ended = asyncio.Event()  # set whenever an operation leaves our hands
        self._stopping = asyncio.Event()
        self._stocktaking = Stocktaking(
            pool, worker_id, cut_off_seconds=limits.cut_off_seconds, lag_seconds=limits.lag_seconds
        )
        self._stock_taken_at = time.monotonic()

    @property
    def held(self) -> int:
        """How many operations are in this worker's hands."""
        return len(self._tasks)

    @property
    def in_flight(self) -> int:
        """How many of them are at the gateway."""
        return self._turns.in_flight

    async def await_room(self) -> None:
        """Return when more operations may be taken on. While it waits, the backlog stays in Kafka."""
        while self.held + self._waiting >= self._limits.max_open or not self._turns.may_take_in:
            self._ended.clear()
            await _wait(self._ended, LOOK_SECONDS)

    def take_on(self, operations: Sequence[Held]) -> None:
        """Begin to carry out operations that this worker owns; returns at once."""
        for held in operations:
            task = asyncio.create_task(self._carry_out(held))
            self._tasks[task] = held.operation_id
            task.add_done_callback(self._end)

    async def look_for_due(self) -> None:
        """Take over what is due and what the dead have left, for ever."""
        while True:
            try:
                full = await self._look()
            except LedgerUnavailableError as error:
                _log.warning("worker.ledger_unavailable", error=type(error).__name__)
                full = False
            if not full:
                await asyncio.sleep(LOOK_SECONDS)

    async def stop(self, grace_seconds: float) -> None:
        """Send nothing more, wait for the calls at the gateway, give the rest back."""
        self._turns.stop()
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        cut_off = list(self._tasks)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._give_back(None)

    async def _look(self) -> bool:
        """Give whether there may be more to take at once."""
        limits, kind = self._limits, self._kind
        await self._heart.ledger_clock.look()
        if self._heart.may_judge:
            await self._free_orphans()
        self._waiting = await count_waiting(self._pool, kind, most=limits.max_open)
        async with self.giving:
            await self._take_stock()
            room = min(MOST_CLAIMED, limits.max_open - self.held)
            if room <= 0 or not self._heart.may_send:
                return False
            due = await claim_due(self._pool, self._worker_id, kind, most=room)
            certain_seconds = await self._certain_seconds() if due else 0.0
            self.take_on([taken_over(_doubted(held, certain_seconds)) for held in due])
        return len(due) == room

    async def _certain_seconds(self) -> float:
        """Say for how long what was just claimed is certainly quiet, also if the ledger's clock was moved.

        What was sent before that may have been on its way for as long as its worker could send.
        """
        clock = self._heart.ledger_clock
        try:
            await clock.look()
        except LedgerUnavailableError:  # what we have claimed is ours, and nobody knows by which clock
            return 0.0
        return max(0.0, clock.steady_seconds - self._limits.lease_of_others.fence_seconds)

    async def _free_orphans(self) -> None:
        freed = await free_orphans(
            self._pool,
            self._kind.value,
            lease=self._limits.lease_of_others,
            lag_seconds=self._limits.lag_seconds,
            no_later=self._heart.ledger_clock.now() + timedelta(seconds=SLACK_SECONDS),
        )
        if freed:
            _log.warning("worker.orphans_freed", operations=freed)

    async def _take_stock(self) -> None:
        now = time.monotonic()
        if now - self._stock_taken_at < STOCKTAKING_SECONDS:
            return
        self._stock_taken_at = now
        if lost := await self._stocktaking.take(self._tasks.values()):
            _log.warning("worker.operations_found", operations=lost)

    async def _carry_out(self, held: Held) -> None:
        operation = held.operation
        work_on(held.traceparent)
        try:
            async with self._lanes.of((operation.merchant_id, operation.charge_code)):
                await self._turns.take(held)
        except StoppingError:
            pass  # given back with everything else
        # Given up here, and given back: no mistake of ours may stop the other operations.
        except Exception:  # noqa: BLE001
            _log.exception("worker.operation_failed", operation_id=held.operation_id)
            await _wait(self._stopping, FAILED_SECONDS)
            await self._give_back([held.operation_id])

    async def _give_back(self, operation_ids: Sequence[int] | None) -> None:
        """Return when the ledger has them as due; what is not ours any more stays as it is."""
        while True:
            try:
                return await release(
                    self._pool,
                    self._worker_id,
                    operation_ids,
                    cut_off_seconds=self._limits.cut_off_seconds,
                    lag_seconds=self._limits.lag_seconds,
                )
            except LedgerUnavailableError as error:
                _log.warning("worker.release_waits", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def _end(self, task: "asyncio.Task[None]") -> None:
        del self._tasks[task]
        self._ended.set()


def _doubted(held: Held, certain_seconds: float) -> Held:
    """Count no more as quiet than is certain."""
    if held.quiet_seconds is None:
        return held
    return replace(held, quiet_seconds=min(held.quiet_seconds, certain_seconds))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Return when *event* is set, or *seconds* have passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
