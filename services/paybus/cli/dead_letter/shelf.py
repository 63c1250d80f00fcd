"""The dead-letter topics read whole, without being a member of any group: nobody's work is taken away."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
import logging
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from paybus.cli.dead_letter.letter import Letter
from paybus.cli.errors import CliError
from paybus.runtime.kafka import Brokers

LOOK_BACK_RECORDS: Final = 20_000
"""Of each partition: of some hundred bytes each, and more than anybody will look through."""

_READ_SECONDS: Final = 120.0  # thousands of records a second; a broker that needs longer serves nobody
_WAIT_MS: Final = 500
_CLIENT: Final = "paybus-dlq"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every letter that lies on the topics, and which partitions every topic has."""

    letters: Sequence[Letter]
    left_out: int
    """Older ones, beyond what is looked back."""
    partitions: Mapping[str, frozenset[int]]


async def read_shelf(brokers: Brokers, topics: Sequence[str]) -> Shelf:
    """Read the letters on *topics*; one that does not exist has none, and is not made. Raises CliError."""
    with translated():
        partitions = await partitions_by_topic(brokers)
        wanted = [TopicPartition(topic, one) for topic in topics for one in partitions.get(topic, ())]
        if not wanted:
            return Shelf((), 0, partitions)
        async with asyncio.timeout(_READ_SECONDS), _open_consumer(brokers) as consumer:
            left_out, ends = await _go_back(consumer, wanted)
            letters = [Letter.read(record) async for record in _records(consumer, ends)]
    return Shelf(sorted(letters, key=lambda letter: letter.place), left_out, partitions)


@contextmanager
def translated() -> Iterator[None]:
    """Say what Kafka could not do in one sentence instead of aiokafka's lines in the log."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    except (KafkaError, UnicodeDecodeError, TimeoutError) as error:  # the second: a header's name
        problem = str(error) or type(error).__name__
        raise CliError(f"PAYBUS_KAFKA_BOOTSTRAP: the broker does not do it ({problem})") from error
    finally:
        logger.setLevel(level)


async def partitions_by_topic(brokers: Brokers) -> dict[str, frozenset[int]]:
    """Ask for all topics: to ask for one by name could make it."""
    admin = AIOKafkaAdminClient(**brokers.connection(_CLIENT))
    try:
        await admin.start()
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return {one["topic"]: frozenset(part["partition"] for part in one["partitions"]) for one in topics}


@asynccontextmanager
async def _open_consumer(brokers: Brokers) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **brokers.connection(_CLIENT), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _go_back(consumer: Any, wanted: list[TopicPartition]) -> tuple[int, dict[TopicPartition, int]]:
    """Begin LOOK_BACK_RECORDS before the end; give how many lie before that, and the ends."""
    consumer.assign(wanted)
    begins, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
    left_out = 0
    for one in wanted:
        start = max(begins[one], ends[one] - LOOK_BACK_RECORDS)
        left_out += start - begins[one]
        consumer.seek(one, start)
    return left_out, ends


async def _records(consumer: Any, ends: Mapping[TopicPartition, int]) -> AsyncIterator[Any]:
    """Give the records that were there when the ends were asked for."""
    unread = set(ends)
    while unread := {one for one in unread if await consumer.position(one) < ends[one]}:
        batches = await consumer.getmany(*unread, timeout_ms=_WAIT_MS)
        for partition, records in batches.items():
            for record in records:
                if record.offset < ends[partition]:
                    yield record
