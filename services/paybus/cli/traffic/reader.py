"""Reads whole topics without being a member of any group: nobody's work is taken away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

from paybus.runtime.kafka import Brokers

CLIENT_ID: Final = "paybus-cli"

_WAIT_MS = 100
_MOST_RECORDS = 2_000


class TopicReader:
    """Reads topics on from where it was opened."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def read(self) -> list[Any]:
        """Give what has come, each partition's in order; waits a moment if nothing has."""
        batches = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MOST_RECORDS)
        return [record for batch in batches.values() for record in batch]

    async def has_all(self) -> bool:
        """Say whether everything that is on the topics now has been read."""
        partitions = list(self._consumer.assignment())
        ends = await self._consumer.end_offsets(partitions)
        return all([await self._consumer.position(one) >= ends[one] for one in partitions])


@asynccontextmanager
async def read_topics(brokers: Brokers, *topics: str, from_beginning: bool) -> AsyncIterator[TopicReader]:
    """Give a reader of *topics* while the block runs; raises aiokafka's KafkaError."""
    consumer = AIOKafkaConsumer(
        *topics,
        **brokers.connection(CLIENT_ID),
        enable_auto_commit=False,
        auto_offset_reset="earliest" if from_beginning else "latest",
    )
    try:
        await consumer.start()
        yield TopicReader(consumer)
    finally:
        await consumer.stop()
