"""What we ask the brokers besides records: which partitions there are, and how far a group has come."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import LeaderNotAvailableError, NoError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from paybus.runtime.kafka import Brokers

CLIENT_ID = "paybus-exporter"
REQUEST_MS = 10_000
"""A broker that needs longer for an answer of some kilobytes serves nobody."""

_RETRY_MS = 200  # a new session waits this long for the leaders; in an outage each try is a line in the log
_PARTITION_BYTES = 262_144  # of each partition at once; with 50 of them 12 MB
_NONE_YET = (NoError, UnknownTopicOrPartitionError, LeaderNotAvailableError)


class Cluster:
    """The brokers, asked directly: aiokafka's own ways to ask would make a topic that is not there yet."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def partitions(self, topics: Sequence[str]) -> set[TopicPartition]:
        """Give every partition of *topics*; a topic that does not exist has none. Raises KafkaError."""
        request = MetadataRequest(list(topics), allow_auto_topic_creation=False)
        answer = await self._client.send(self._client.get_random_node(), request)
        found = answer.to_object()["topics"]
        for topic in found:
            _refuse(topic["error_code"], allowed=_NONE_YET)
        return {
            TopicPartition(one["topic"], part["partition"]) for one in found for part in one["partitions"]
        }

    async def committed(self, group: str, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the offsets that *group* has committed, where it has. Raises KafkaError."""
        by_topic: defaultdict[str, list[int]] = defaultdict(list)
        for partition in partitions:
            by_topic[partition.topic].append(partition.partition)
        if not by_topic:
            return {}
        coordinator = await self._client.coordinator_lookup(CoordinationType.GROUP, group)
        answer = await self._client.send(coordinator, OffsetFetchRequest(group, list(by_topic.items())))
        _refuse(getattr(answer, "error_code", 0))
        return dict(_offsets(answer.topics))


def first_unread(noted: int | None, *, begin: int, end: int) -> int:
    """Give the offset of the first record that has not been read, of those that are still there.

    An offset outside of them is of a topic that has been made anew, or of records that are gone.
    """
    return noted if noted is not None and begin <= noted <= end else begin


@asynccontextmanager
async def open_cluster(brokers: Brokers) -> AsyncIterator[Cluster]:
    """Be connected while the block runs; raises KafkaError."""
    client = AIOKafkaClient(
        **brokers.connection(CLIENT_ID),
        request_timeout_ms=REQUEST_MS,
        retry_backoff_ms=_RETRY_MS,
    )
    try:
        await client.bootstrap()
        yield Cluster(client)
    finally:
        await client.close()


@asynccontextmanager
async def open_consumer(brokers: Brokers, *, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer without partitions while the block runs; it is never a member of *group*."""
    consumer = AIOKafkaConsumer(
        **brokers.connection(CLIENT_ID),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_PARTITION_BYTES,
        request_timeout_ms=REQUEST_MS,
        retry_backoff_ms=_RETRY_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop, whatever it is doing.

    While a fetch waits to be tried again, aiokafka's stop ends with the cancellation of that wait, as if
    we were cancelled, and leaves its connections open.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    await asyncio.wait({stopping})
    if stopping.cancelled():
        await consumer._client.close()  # noqa: SLF001 -- it has no other way to be closed now
    else:
        stopping.result()


def _offsets(topics: Iterable[tuple[str, Iterable[Any]]]) -> Iterable[tuple[TopicPartition, int]]:
    for topic, partitions in topics:
        for partition, offset, _metadata, error_code in partitions:
            _refuse(error_code)
            if offset >= 0:
                yield TopicPartition(topic, partition), offset


def _refuse(error_code: int, *, allowed: Sequence[type[Exception]] = (NoError,)) -> None:
    error = for_code(error_code)
    if error not in allowed:
        raise error
