"""The program's services, put together from its own parts, as `runtime/consumer.py` and others do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tests.simulation.broker import SimulatedConsumer
from tests.simulation.gateway import LAG_SECONDS
from tests.simulation.script import MERCHANT
from tests.simulation.surroundings import (
    EXPIRY_SECONDS,
    FLOWS,
    GRACE_SECONDS,
    LEASE,
    LIMITS,
    OURS,
    STORE_SECONDS,
    Silence,
    Surroundings,
)

from paybus.execution.habits import Habits
from paybus.execution.heart import FencedError, Heart
from paybus.execution.ledger_clock import LedgerClock
from paybus.execution.operator import Operator
from paybus.execution.turn import Turns
from paybus.execution.worker import Worker
from paybus.gateway.callback import read_callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.intake.dead_letter import DeadLetters
from paybus.intake.intake import Intake
from paybus.intake.reading import Reader
from paybus.intake.subscriber import commit
from paybus.ledger.callback import receive
from paybus.ledger.errors import LedgerError
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.memory.pool import MemoryPool
from paybus.ledger.outbox import Outbox
from paybus.ledger.restoration import Doubt, doubts_about
from paybus.ledger.settlement import Settlements
from paybus.ledger.worker import end, enroll
from paybus.notifier.delivery import delivery_of
from paybus.notifier.relay import Relay
from paybus.reconciler.inquirer import Inquirer
from paybus.reconciler.matchmaker import Matchmaker
from paybus.reconciler.overdue import Overdue
from paybus.reconciler.rounds import repeat
from paybus.reconciler.watchman import Pace, Watchman
from paybus.trades.operation import Kind
from paybus.trades.watch import Rules


@dataclass
class WorkerService:
    """One process of pay, refund or cancel."""

    kind: Kind
    pool: Any
    worker_id: UUID
    around: Surroundings
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Live until it is asked to stop or has to; stops in order."""
        try:
            await enroll(self.pool, self.worker_id, self.kind.value)
        except LedgerError:
            return  # it is started again
        heart = Heart(self.pool, self.worker_id, LEASE, clock=self.around.clock)
        worker = self._worker(heart)
        consumer = SimulatedConsumer(self.around.topics[self.kind])
        parts = [
            asyncio.create_task(part)
            for part in (heart.beat_on(), worker.look_for_due(), self._consume(consumer, worker))
        ]
        await asyncio.wait([*parts, asyncio.create_task(self.stopping.wait())], return_when="FIRST_COMPLETED")
        await self._stop(parts, worker, consumer)

    async def _stop(self, parts: list[Any], worker: Worker, consumer: SimulatedConsumer) -> None:
        heart, looking, consuming = parts
        self.around.topics[self.kind].leave(consumer)
        await _end(consuming)
        await _end(looking)
        await worker.stop(10.0)
        await _end(heart)
        with suppress(LedgerError):
            await end(self.pool, self.worker_id)

    def _worker(self, heart: Heart) -> Worker:
        around, pool, worker_id = self.around, self.pool, self.worker_id
        clients = around.clients()
        operator = Operator(
            FLOWS[self.kind],
            clients,
            around.journal,
            lag_seconds=LAG_SECONDS,
            gates=around.gates(clients),
            habits=Habits(clock=around.clock),
        )
        settlements = GroupCommit(Settlements(pool, worker_id).write)
        turns = Turns(operator, settlements, heart=heart, limits=LIMITS)
        return Worker(pool, worker_id, self.kind, turns=turns, heart=heart, limits=LIMITS)

    async def _doubts(self) -> Mapping[int, Doubt]:
        """Read which records are doubted; in a world whose ledger is never restored there are none."""
        while self.around.restores:
            try:
                return await doubts_about(self.pool, self.around.topics[self.kind].name)
            except LedgerError:
                await asyncio.sleep(1.0)
        return {}

    async def _consume(self, consumer: SimulatedConsumer, worker: Worker) -> None:
        metrics: Any = Silence()
        doubts = await self._doubts()
        intake = Intake(
            reader=Reader(
                kind=self.kind,
                merchants={MERCHANT},
                expiry=timedelta(seconds=EXPIRY_SECONDS),
                doubts=doubts,
            ),
            letters=DeadLetters(self.around.letters, "dead"),
            pool=self.pool,
            worker_id=self.worker_id,
            metrics=metrics,
            giving=worker.giving,
            hand_over=worker.take_on,
        )
        self.around.topics[self.kind].join(consumer)
        while True:
            records = await consumer.poll(50)
            await worker.await_room()
            await intake.take(records)
            await commit(consumer, records)


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, FencedError):
        raise error


@dataclass
class NotifierService:
    """One process of the notifier: callbacks in, events out."""

    pool: Any
    around: Surroundings
    store: Any = None

    async def run(self) -> None:
        """Relay for ever."""
        self.store = GroupCommit(partial(receive, self.pool)).submit
        await Relay(self._open_outbox, self.around.events.open_producer, "events").run()

    async def hear(self, raw: bytes, query: str) -> int:
        """Take a callback as the receiver does; gives the status of the answer."""
        try:
            delivery = delivery_of(read_callback(raw=raw, query=query, merchant=OURS))
        except CallbackRefusedError as error:
            return error.http_status
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self.store(delivery)
        except (LedgerError, TimeoutError):
            return 503
        return 200

    @asynccontextmanager
    async def _open_outbox(self) -> AsyncIterator[Outbox]:
        connection = self.pool.connection()
        try:
            outbox = Outbox(connection)
            await outbox.listen()
            yield outbox
        finally:
            connection.terminate()


@dataclass
class ReconcilerService:
    """One process of the reconciler."""

    pool: MemoryPool
    around: Surroundings

    async def run(self) -> None:
        """Look for ever."""
        pool: Any = self.pool
        metrics: Any = Silence()
        clients = self.around.clients()
        inquirer = Inquirer(clients, self.around.journal, self.around.gates(clients))
        rules = Rules(first_seconds=5.0, longest_seconds=40.0)
        watchman = Watchman(pool, inquirer, metrics, rules=rules, pace=Pace(most_at_once=20))
        clock = LedgerClock(pool, self.around.clock)
        overdue = Overdue(pool, clock, metrics, expiry_seconds=EXPIRY_SECONDS, grace_seconds=GRACE_SECONDS)
        rounds: list[tuple[str, Callable[[], Awaitable[bool]], float]] = [
            ("follow", watchman.follow, 6.0),
            ("look", watchman.look, 6.0),
            ("overdue", overdue.look, 6.0),
            ("match", Matchmaker(pool, metrics).look, 15.0),
        ]
        await asyncio.gather(*(repeat(name, act, every_seconds=every) for name, act, every in rounds))
