"""Where a soak talks to the system: sends, hears, looks how far everything is, collects the evidence."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
import time

import httpx
from tests.e2e.system import System
from tests.soak.schedule import Due
from tests.soak.weather import FAIR

from paybus.cli.reconciliation.evidence import Evidence, OperationRow, TradeRow
from paybus.cli.traffic.listener import Listener
from paybus.cli.traffic.reader import read_topics
from paybus.cli.traffic.sender import Sender
from paybus.cli.traffic.stock import Offsets, Stocktaker
from paybus.ledger.audit import every_operation, every_trade
from paybus.ledger.book import open_operations, outbox_level
from paybus.ledger.pool import Pool, open_pool
from paybus.runtime.kafka import Brokers, open_producer
from paybus.trades.operation import Kind, OperationState

TICK_SECONDS = 0.005
"""Records that are due within it are sent together."""

_ASKED_ABOUT = (OperationState.UNKNOWN, OperationState.PENDING)


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was open when the sending stopped, and how long it took; None: it did not come to rest."""

    unknown: int
    unknown_seconds: float
    quiet_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that a soak talks to."""

    pool: Pool
    sender: Sender
    listener: Listener
    stocktaker: Stocktaker

    @classmethod
    async def open(cls, stack: AsyncExitStack, system: System) -> "Stage":
        """Connect to everything until *stack* is left."""
        enter, topics, brokers = stack.enter_async_context, system.topics, Brokers(system.bootstrap)
        pool = await enter(open_pool(system.database_url, application_name="soak", most=2))
        producer = await enter(open_producer(brokers, client_id="soak"))
        letters = [topics.dead_letters(kind) for kind in Kind]
        heard = (topics.trade_events, topics.gateway_calls, *letters)
        reader = await enter(read_topics(brokers, *heard, from_beginning=True))
        offsets = await enter(Offsets(brokers, topics))
        client = httpx.AsyncClient(base_url=system.address("sandbox"), trust_env=False, timeout=120.0)
        return cls(
            pool=pool,
            sender=Sender(producer, topics),
            listener=Listener(reader, topics, lambda _told: None),
            stocktaker=Stocktaker(pool, offsets, await enter(client)),
        )

    async def change_faults(self, faults: Mapping[str, object]) -> None:
        """Tell the gateway what goes wrong from now on."""
        (await self.stocktaker.sandbox.post("/admin/faults", json=faults)).raise_for_status()

    async def send(self, planned: Sequence[Due]) -> float:
        """Hand each record to the producer when it is due; give by how much the latest was late."""
        begun, behind, at = time.monotonic(), 0.0, 0
        async with asyncio.TaskGroup() as deliveries:
            while at < len(planned):
                await asyncio.sleep(begun + planned[at].at_seconds - time.monotonic())
                now = time.monotonic() - begun
                behind = max(behind, now - planned[at].at_seconds)
                some = []
                while at < len(planned) and planned[at].at_seconds <= now + TICK_SECONDS:
                    some.append(planned[at].message)
                    at += 1
                deliveries.create_task(self.sender.send(some))
        return behind

    async def settle(self, patience_seconds: float) -> Settled:
        """Let the faults stop and wait until nothing is under way any more."""
        await self.change_faults(FAIR)
        begun = last_unknown = time.monotonic()
        first = quiet = None
        while quiet is None and time.monotonic() < begun + patience_seconds:
            states = await self.open_by_state()
            unknown = sum(states.get(state, 0) for state in _ASKED_ABOUT)
            first = unknown if first is None else first
            if unknown:
                last_unknown = time.monotonic()
            if not states and await self._is_quiet():
                quiet = time.monotonic() - begun
            await asyncio.sleep(0.5)
        return Settled(unknown=first or 0, unknown_seconds=last_unknown - begun, quiet_seconds=quiet)

    async def open_by_state(self) -> dict[str, int]:
        """Count what is open in the ledger, by state."""
        states: dict[str, int] = {}
        for one in await open_operations(self.pool):
            states[one.state] = states.get(one.state, 0) + one.count
        return states

    async def _is_quiet(self) -> bool:
        if (await outbox_level(self.pool)).pending:
            return False
        stock = await self.stocktaker.take(self.sender.sent, self.listener.paid)  # reads half of the books
        return stock.is_quiet and await self.listener.has_all()

    async def evidence(self) -> Evidence:
        """Collect everything; to be called when nobody listens any more."""
        committed = await self.stocktaker.offsets.committed(self.sender.sent)
        return Evidence(
            sent=self.sender.sent,
            told=self.listener.told,
            letters=self.listener.letters,
            calls=self.listener.calls,
            operations=[
                OperationRow(**{**row, "kind": Kind(row["kind"]), "state": OperationState(row["state"])})
                for row in await every_operation(self.pool)
            ],
            trades=[TradeRow(**row) for row in await every_trade(self.pool)],
            books=await self.stocktaker.books(),
            committed=committed,
        )
