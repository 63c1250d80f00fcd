"""The relay: events from the outbox to Kafka, each trade's in order, at least once and with the same bytes.

What is read is published and, when Kafka has all of it, deleted. Whatever goes wrong in between, nothing is
deleted, our shards are given up, and whoever takes them publishes the same again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final

import asyncpg
import structlog

from paybus.ledger.errors import LedgerError, translated
from paybus.ledger.outbox import Outbox, Pending
from paybus.notifier.errors import NotPublishedError
from paybus.notifier.publication import OpenProducer, Producer, publish, reachable
from paybus.telemetry.seam import Seam, reach

MOST_EVENTS: Final = 1_000
"""In one round, of about 600 bytes each: larger rounds are no faster and repeat more after a crash."""

POLL_SECONDS: Final = 0.5
"""Notifications wake us within milliseconds; this finds what a lost one left behind."""

TAKE_SECONDS: Final = 1.0
"""How often we look for shards that nobody has: so long a dead relay's events wait for another."""

PAUSE_SECONDS: Final = 1.0
"""Between two tries to reach the ledger and the brokers."""

STOP_SECONDS: Final = 5.0
"""How long a stop waits for acknowledgements: what is cut off goes out once more later."""

_CONNECT_SECONDS: Final = 10.0
_STATEMENT_SECONDS: Final = 10.0  # they take milliseconds; behind one that takes longer there is no server
_SESSION: Final = {
    "application_name": "paybus-relay",
    "plan_cache_mode": "force_custom_plan",  # a plan made while the outbox is empty scans it for ever after
    "jit": "off",
    # A host that vanishes keeps its shards until the server notices: after about ten seconds.
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

_log = structlog.get_logger(__name__)

OpenOutbox = Callable[[], AbstractAsyncContextManager[Outbox]]
OnPublished = Callable[[Sequence[Pending]], object]


def _pass_over(published: Sequence[Pending]) -> None:
    """Take no note."""


class Relay:
    """Publishes to *topic* what belongs to its shards, until it is stopped.

    *on_published* is given what Kafka has and the outbox has not any more.
    """

    def __init__(
        self,
        open_outbox: OpenOutbox,
        open_producer: OpenProducer,
        topic: str,
        *,
        on_published: OnPublished = _pass_over,
    ) -> None:
        self._open_outbox = open_outbox
        self._open_producer = open_producer
        self._topic = topic
        self._on_published = on_published
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[object] | None = None
        self._connected = False

    async def run(self) -> None:
        """Relay until `stop`, through any loss of the ledger or the brokers."""
        self._task = asyncio.current_task()
        while not self._stopping.is_set():
            try:
                async with reachable(self._open_producer) as producer:
                    self._connected = True
                    await self._relay_through(producer)
            except NotPublishedError as error:
                _note(error)
            await self._pause()

    def stop(self) -> None:
        """End after the present round, or without it when it takes too long."""
        self._stopping.set()
        if self._task is not None:
            asyncio.get_running_loop().call_later(STOP_SECONDS, self._task.cancel)

    async def check(self) -> None:
        """Raise NotPublishedError as long as no broker has been reached since the start.

        Later losses do not count: callbacks can be received without a broker, and must be.
        """
        if not self._connected:
            raise NotPublishedError("no broker was reached yet")

    async def _relay_through(self, producer: Producer) -> None:
        """Relay until this producer cannot be used any more.

        Our shards are given up at once; but there is no other producer before the brokers have answered for
        all that this one holds: in a long outage each would leave its own copy of the same events.
        """
        while not self._stopping.is_set():
            try:
                async with self._open_outbox() as outbox:
                    _log.info("relay.connected")
                    await self._relay(outbox, producer)
            except NotPublishedError as error:
                _note(error)
                await producer.flush()
                return
            except LedgerError as error:
                _note(error)
                await self._pause()

    async def _relay(self, outbox: Outbox, producer: Producer) -> None:
        loop, take_at = asyncio.get_running_loop(), 0.0
        while not self._stopping.is_set():
            if loop.time() >= take_at:
                await self._take_shards(outbox)
                take_at = loop.time() + TAKE_SECONDS
            if pending := await outbox.read(MOST_EVENTS):
                await publish(producer, self._topic, pending)
                reach(Seam.EVENT_UNMARKED)
                await outbox.delete(pending)
                self._on_published(pending)
            else:
                await outbox.sleep(POLL_SECONDS)

    async def _take_shards(self, outbox: Outbox) -> None:
        before = outbox.shards
        await outbox.take_shards()
        if outbox.shards != before:
            _log.info("relay.shards_taken", shards=list(outbox.shards))

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._stopping.wait()


def _note(error: LedgerError | NotPublishedError) -> None:
    cause = type(error.__cause__ or error).__name__
    _log.warning("relay.interrupted", reason=type(error).__name__, cause=cause)


@asynccontextmanager
async def open_outbox(url: str) -> AsyncIterator[Outbox]:
    """Give the outbox on a connection of its own while the block runs; raises LedgerError."""
    with translated():
        connection = await asyncpg.connect(
            url, timeout=_CONNECT_SECONDS, command_timeout=_STATEMENT_SECONDS, server_settings=_SESSION
        )
    try:
        outbox = Outbox(connection)
        await outbox.listen()
        yield outbox
    finally:
        connection.terminate()  # in order or not: with it go the locks
