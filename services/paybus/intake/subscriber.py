"""The FastStream side of intake: batches of raw records, explicit offsets, backpressure before each batch.

FastStream's own parser fails on a null or non-UTF-8 header before any handler sees the record, and the next
commit passes it: that record would be lost. So records come through unparsed, and `intake.reading` copes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy, Context
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
import structlog

from paybus.intake.reading import Record

SESSION_MS = 6_000
"""After kill -9 the partitions wait this long for the dead member; Kafka's own lower bound by default."""

_HEARTBEAT_MS = 1_500  # three may be lost within a session
_POLL_INTERVAL_MS = 24 * 3600 * 1000  # waiting for room is not dying: liveness is our own (`/live`)
_WAIT_MS = 50  # how long a poll waits for a first record

_log = structlog.get_logger(__name__)


class Subscription:
    """One command topic read by FastStream."""

    def __init__(
        self,
        broker: KafkaBroker,
        topic: str,
        *,
        group_id: str,
        most_records: int,
        take: Callable[[Sequence[Record]], Awaitable[None]],
    ) -> None:
        """Have *take* called with each batch; its offsets are committed when *take* returns."""
        self._take = take
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._subscriber = broker.subscriber(
            topic,
            group_id=group_id,
            batch=True,
            max_records=most_records,
            batch_timeout_ms=_WAIT_MS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=self._parse,
            decoder=_decode,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=_HEARTBEAT_MS,
            max_poll_interval_ms=_POLL_INTERVAL_MS,
        )
        self._subscriber(self._handle)

    async def failed(self) -> None:
        """Return never; raises what *take* raised. Nothing is taken or committed after that."""
        await asyncio.shield(self._failure)

    async def _parse(self, records: tuple[Any, ...]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=b"", headers={}, raw_message=records, consumer=self._subscriber.consumer, correlation_id=""
        )

    async def _handle(self, message: Annotated[KafkaAckableMessage, Context("message")]) -> None:
        if self._failure.done():
            # FastStream would go on with the next batch, and its commit would pass the one that failed.
            return
        records = message.raw_message
        try:
            await self._take(records)
        except Exception as error:
            self._failure.set_exception(error)
            raise
        await commit(self._subscriber.consumer, records)


async def _decode(_message: object) -> bytes:
    return b""


async def commit(consumer: Any, records: Sequence[Record]) -> None:
    """Commit the offsets of exactly these records: never the consumer's position, which may be further on."""
    offsets: dict[TopicPartition, int] = {}
    for record in records:
        partition = TopicPartition(record.topic, record.partition)
        offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
    try:
        await consumer.commit(offsets)
    except KafkaError as error:
        # The partition went to another member, or the broker is away: the records come again, as duplicates.
        _log.warning("intake.commit_refused", error=type(error).__name__)
