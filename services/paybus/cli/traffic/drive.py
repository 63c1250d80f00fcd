"""Plays the order services: sends, hears what becomes of it, sends what follows, collects the evidence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import httpx

from paybus.cli.reconciliation.asked import Ask
from paybus.cli.reconciliation.evidence import Evidence, OperationRow, TradeRow
from paybus.cli.traffic.listener import Listener
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.reader import CLIENT_ID, read_topics
from paybus.cli.traffic.sender import Sender
from paybus.cli.traffic.stock import Offsets, Stock, Stocktaker
from paybus.cli.traffic.traffic import asks_of
from paybus.cli.traffic.waiting import WaitingMessages
from paybus.contracts.topics import Topics
from paybus.ledger.audit import every_operation, every_trade
from paybus.ledger.pool import Pool, open_pool
from paybus.runtime.kafka import Brokers, open_producer
from paybus.trades.operation import Kind, OperationState

LOOK_SECONDS: Final = 0.25
"""Between looks at how far everything is, each of which reads the books."""

CATCH_UP_SECONDS: Final = 30.0
"""To read the rest of some thousand events: far more than it ever took."""


@dataclass(frozen=True, slots=True)
class Where:
    """The system that is driven: its ledger, its broker, and the gateway whose books are the judge."""

    database_url: str
    bootstrap: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is."""

    planned: int
    sent: int
    answered: int
    stock: Stock


Watch = Callable[[Moment], bool]
"""Hears how far the run is, several times a second; says whether it is busy; may raise to end it."""


async def drive(
    traffic: Sequence[Message], where: Where, *, patience_seconds: float, watch: Watch
) -> Evidence:
    """Send *traffic* and give the evidence of what became of it.

    Waits until nothing is under way any more and *watch* is not busy, or until *patience_seconds* have
    passed since the last message. Raises LedgerError, KafkaError, httpx.HTTPError, or whatever *watch*
    raises.
    """
    at_once, at_last = (
        [message for message in traffic if message.when is when] for when in (When.AT_ONCE, When.AT_LAST)
    )
    async with AsyncExitStack() as stack:
        play = await _Play.open(stack, traffic, where, watch)
        async with _running(play.listener.listen()):
            await play.until_quiet(at_once, patience_seconds)
            await play.until_quiet([*play.waiting.rest(), *at_last], patience_seconds)
        await play.listener.catch_up(CATCH_UP_SECONDS)
        return await play.evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Play:
    planned: int
    asks: tuple[Ask, ...]
    pool: Pool
    sender: Sender
    listener: Listener
    stocktaker: Stocktaker
    waiting: WaitingMessages
    watch: Watch

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, traffic: Sequence[Message], where: Where, watch: Watch
    ) -> "_Play":
        enter, topics, brokers = stack.enter_async_context, Topics(), Brokers(where.bootstrap)
        pool = await enter(open_pool(where.database_url, application_name=CLIENT_ID))
        producer = await enter(open_producer(brokers, client_id=CLIENT_ID))
        letters = [topics.dead_letters(kind) for kind in Kind]
        heard = (topics.trade_events, topics.gateway_calls, *letters)
        reader = await enter(read_topics(brokers, *heard, from_beginning=True))
        offsets = await enter(Offsets(brokers, topics))
        sandbox = await enter(httpx.AsyncClient(base_url=where.gateway, trust_env=False))
        waiting = WaitingMessages(traffic)
        return cls(
            planned=len(traffic),
            asks=asks_of(traffic),
            pool=pool,
            sender=Sender(producer, topics),
            listener=Listener(reader, topics, waiting.hear),
            stocktaker=Stocktaker(pool, offsets, sandbox),
            waiting=waiting,
            watch=watch,
        )

    async def until_quiet(self, first: Sequence[Message], patience_seconds: float) -> None:
        """Send *first* and what it releases; return when nothing is under way, or patience is over."""
        await self.sender.send(first)
        deadline = monotonic() + patience_seconds
        while monotonic() < deadline:
            if await self._is_quiet():
                return
            await asyncio.sleep(LOOK_SECONDS)
            if released := self.waiting.released():
                await self.sender.send(released)
                deadline = monotonic() + patience_seconds

    async def _is_quiet(self) -> bool:
        stock = await self.stocktaker.take(self.sender.sent, self.listener.paid)
        answered = self.listener.count_answered(self.asks)
        busy = self.watch(Moment(self.planned, len(self.sender.sent), answered, stock))
        # What was told last may release something: it must have been heard, too.
        return not busy and stock.is_quiet and await self.listener.has_all() and not self.waiting.has_released

    async def evidence(self) -> Evidence:
        """Collect everything; to be called when nobody listens any more."""
        committed = await self.stocktaker.offsets.committed(self.sender.sent)
        operations = await every_operation(self.pool)  # asked later: what is committed must be there
        return Evidence(
            sent=self.sender.sent,
            told=self.listener.told,
            letters=self.listener.letters,
            calls=self.listener.calls,
            operations=[
                OperationRow(**{**row, "kind": Kind(row["kind"]), "state": OperationState(row["state"])})
                for row in operations
            ],
            trades=[TradeRow(**row) for row in await every_trade(self.pool)],
            committed=committed,
            books=await self.stocktaker.books(),
        )


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let *work* go on beside the block; raises what ended it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
