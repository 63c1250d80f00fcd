"""Events to Kafka: everything at once, except that an event waits for the one before it of its trade."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, Protocol

from aiokafka.errors import KafkaError

from paybus.contracts.event import event_headers
from paybus.ledger.outbox import Pending
from paybus.notifier.errors import NotPublishedError
from paybus.notifier.spans import begin_publishing, end_publishing
from paybus.telemetry.seam import Seam, reach

ACKNOWLEDGED_SECONDS: Final = 30.0
"""How long one wave may take: a broker that is replaced needs some seconds. After that our shards are given
up, for another relay may reach the brokers better."""


class Producer(Protocol):
    """Of AIOKafkaProducer, what publishing needs."""

    async def send(
        self, topic: str, value: bytes, key: bytes, *, headers: Sequence[tuple[str, bytes]]
    ) -> Awaitable[Any]:
        """Take a record; what is given resolves when all in-sync replicas have it. Raises KafkaError."""

    async def flush(self) -> None:
        """Return when every record that was taken is acknowledged or refused."""


OpenProducer = Callable[[], AbstractAsyncContextManager[Producer]]


def in_waves(pending: Sequence[Pending]) -> list[list[Pending]]:
    """Part events so that no wave holds two of one trade, and a later one of a trade is in a later wave.

    A producer's batch can fail while the next one succeeds: then version 2 would be seen before version 1.
    """
    waves: list[list[Pending]] = []
    earlier: dict[str, int] = defaultdict(int)
    for one in pending:
        number = earlier[one.charge_code]
        earlier[one.charge_code] += 1
        if number == len(waves):
            waves.append([])
        waves[number].append(one)
    return waves


async def publish(producer: Producer, topic: str, pending: Sequence[Pending]) -> None:
    """Return when Kafka has all of *pending*; raises NotPublishedError."""
    for wave in in_waves(pending):
        await _publish_wave(producer, topic, wave)


@asynccontextmanager
async def reachable(open_producer: OpenProducer) -> AsyncIterator[Producer]:
    """Open a producer while the block runs; raises NotPublishedError where there is no broker.

    A producer is not used again after a failure: a batch that it gave up leaves a gap in the numbers by
    which the broker tells repeats, and nothing that follows is taken.
    """
    async with AsyncExitStack() as stack:
        try:
            producer = await stack.enter_async_context(open_producer())
        except (KafkaError, OSError) as error:
            raise NotPublishedError(type(error).__name__) from error
        yield producer


async def _publish_wave(producer: Producer, topic: str, wave: Sequence[Pending]) -> None:
    sent: list[asyncio.Future[Any]] = []
    spans = begin_publishing(wave)
    failed = True
    try:
        async with asyncio.timeout(ACKNOWLEDGED_SECONDS):
            for one in wave:
                acknowledged = await producer.send(
                    topic, one.value, one.charge_code.encode(), headers=_headers(one)
                )
                sent.append(asyncio.ensure_future(acknowledged))
            reach(Seam.EVENT_UNACKNOWLEDGED)
            await asyncio.gather(*sent)
        failed = False
    except (KafkaError, OSError, TimeoutError) as error:
        raise NotPublishedError(type(error).__name__) from error
    finally:
        end_publishing(spans, topic, failed=failed)
        for acknowledgement in sent:
            _abandon(acknowledgement)


def _headers(one: Pending) -> list[tuple[str, bytes]]:
    return event_headers(
        ce_id=one.ce_id,
        ce_type=one.ce_type,
        charge_code=one.charge_code,
        occurred_at=one.occurred_at,
        traceparent=one.traceparent,
    )


def _abandon(acknowledgement: "asyncio.Future[Any]") -> None:
    """Wait for it no more, nor have its error reported when nobody asks for it."""
    if not acknowledgement.cancel() and not acknowledgement.cancelled():
        acknowledgement.exception()
