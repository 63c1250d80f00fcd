"""What several commands ask the brokers, as nobody's member, and how they tell what the brokers do not do."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
import logging

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from paybus.cli.errors import CliError
from paybus.runtime.kafka import Brokers


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


async def partitions_by_topic(brokers: Brokers, client_id: str) -> dict[str, frozenset[int]]:
    """Ask for all topics: to ask for one by name could make it."""
    admin = AIOKafkaAdminClient(**brokers.connection(client_id))
    try:
        await admin.start()
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return {one["topic"]: frozenset(part["partition"] for part in one["partitions"]) for one in topics}


@asynccontextmanager
async def open_consumer(
    brokers: Brokers, client_id: str, *, group_id: str | None = None
) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that is to be assigned its partitions: of *group_id* it knows the offsets, no more."""
    consumer = AIOKafkaConsumer(
        **brokers.connection(client_id),
        group_id=group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
