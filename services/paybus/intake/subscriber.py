"""The FastStream side of intake: batches of raw records, explicit offsets, backpressure before each batch.

FastStream's own parser fails on a null or non-UTF-8 header before any handler sees the record, and the next
commit passes it: that record would be lost. So records come through unparsed, and `intake.reading` copes.
It also goes on after an error, of the handler or of the consumer, and again the next commit would pass what
was lost with it. So the first error is the end: the service stops, and starts from what is committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faststream import AckPolicy, Context
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
import structlog

from paybus.intake.reading import Record
from paybus.telemetry.seam import Seam, reach

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
        assigned: Callable[[int], None] = lambda _partitions: None,
    ) -> None:
        """Have *take* called with each batch; its offsets are committed when *take* returns.

        *assigned* hears how many partitions are ours whenever the group has been divided.
        """
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
            listener=_Assignments(assigned),
        )
        self._subscriber(self._handle)
        self._read = self._subscriber.get_msg
        self._subscriber.get_msg = self._get_msg  # type: ignore[method-assign]  # there is no other way in

    async def failed(self) -> None:
        """Return never; raises the first error. Nothing is taken or committed after that."""
        await asyncio.shield(self._failure)

    async def _get_msg(self, consumer: Any) -> tuple[Any, ...]:
        try:
            return await self._read(consumer)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            # A batch that cannot be read (a codec, a checksum) takes with it what was read from other
            # partitions just before: aiokafka gives that to nobody, and counts it as consumed.
            self._fail(error)
            raise ConsumerStoppedError from error  # this ends FastStream's loop

    async def _parse(self, records: tuple[Any, ...]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=b"", headers={}, raw_message=records, consumer=self._subscriber.consumer, correlation_id=""
        )

    async def _handle(self, message: Annotated[KafkaAckableMessage, Context("message")]) -> None:
        if self._failure.done():
            return
        try:
            await self._take(message.raw_message)
        except Exception as error:
            self._fail(error)
            raise
        await commit(message.consumer, message.raw_message)
        reach(Seam.OFFSET_COMMITTED)

    def _fail(self, error: Exception) -> None:
        _log.error("intake.failed", error=type(error).__name__)
        self._failure.set_exception(error)


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Do nothing: what is no longer ours is left out of the next commit."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Tell how many there are."""
        self._told(len(assigned))


async def _decode(_message: object) -> bytes:
    return b""


async def commit(consumer: Any, records: Sequence[Record]) -> None:
    """Commit the offsets of exactly these records: never the consumer's position, which may be further on.

    What is not ours any more is left out: its new owner has it again, as duplicates.
    """
    assigned = consumer.assignment()
    offsets: dict[TopicPartition, int] = {}
    for record in records:
        partition = TopicPartition(record.topic, record.partition)
        if partition in assigned:
            offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
    try:
        if offsets:
            await consumer.commit(offsets)
    except KafkaError as error:
        # The group has just been divided anew, or the broker refuses: the records come again, as duplicates.
        _log.warning("intake.commit_refused", error=type(error).__name__)
