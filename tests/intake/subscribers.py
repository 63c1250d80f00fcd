"""A subscription that runs inside the test, and a handler that the test holds in its hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
import logging
from typing import Any

from aiokafka import AIOKafkaConsumer
from faststream.kafka import KafkaBroker
from tests.intake.topics import Topic

from paybus.intake.reading import Record
from paybus.intake.subscriber import Subscription

Take = Callable[[Sequence[Record]], Awaitable[None]]


class Hand:
    """Takes batches when it is told to; `batches` also has the one that it has not let go of yet."""

    def __init__(self, *, open_: bool = True) -> None:
        self.batches: list[Sequence[Any]] = []
        self.gate = asyncio.Event()
        self._given = asyncio.Condition()
        if open_:
            self.gate.set()

    async def take(self, records: Sequence[Record]) -> None:
        """Keep the batch, and let go of it when the gate is open."""
        self.batches.append(records)
        async with self._given:
            self._given.notify_all()
        await self.gate.wait()

    @property
    def places(self) -> list[tuple[int, int]]:
        """Give partition and offset of every record."""
        return [(one.partition, one.offset) for batch in self.batches for one in batch]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when what was given is enough."""
        async with asyncio.timeout(60), self._given:
            await self._given.wait_for(condition)


class Running:
    """A subscription, and the consumer below it."""

    def __init__(self, subscription: Subscription, broker: KafkaBroker) -> None:
        self.subscription = subscription
        self._broker = broker

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """Give aiokafka's consumer."""
        (subscriber,) = self._broker.subscribers
        consumer = subscriber.consumer
        assert consumer is not None
        return consumer

    async def failure(self) -> BaseException | None:
        """Return what ended the subscription."""
        (ended,) = await asyncio.gather(self.subscription.failed(), return_exceptions=True)
        return ended


@asynccontextmanager
async def subscribed(
    topic: Topic,
    take: Take,
    *,
    most_records: int = 500,
    assigned: Callable[[int], None] = lambda _partitions: None,
) -> AsyncIterator[Running]:
    """Read *topic*; leaving it cuts off the batch that is being taken, as a kill would."""
    broker = KafkaBroker(topic.bootstrap, logger=logging.getLogger("faststream"), graceful_timeout=0.05)
    subscription = Subscription(
        broker, topic.name, group_id=topic.name, most_records=most_records, take=take, assigned=assigned
    )
    async with broker:
        await broker.start()
        yield Running(subscription, broker)


async def until_committed(topic: Topic, offset: int, *, partition: int = 0) -> None:
    """Return when the group has committed *offset*."""
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            # The broker tells nobody of a commit.
            while await asyncio.to_thread(topic.committed, partition) != offset:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert topic.committed(partition) == offset
