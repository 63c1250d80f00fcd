"""Topics of a test's own, with real letters on them: buried as services do it, read without our code."""

from collections.abc import Sequence
import time
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition
from tests.intake.records import Consumed, written

from paybus.contracts.errors import NotACommandError
from paybus.contracts.topics import Topics
from paybus.intake.dead_letter import DeadLetters
from paybus.runtime.kafka import Brokers, open_producer
from paybus.trades.operation import Kind

PATIENCE_SECONDS = 60.0  # what takes this long has failed; nothing is measured with it
Headers = Sequence[tuple[str, bytes | None]]
ERROR = NotACommandError("not_json", "the value is not JSON in UTF-8")


class PostOffice:
    """Order services, the services that bury what these send, and a reader."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.topics = Topics(prefix)

    def sends(
        self,
        value: object,
        *,
        key: bytes | None = b"A1",
        headers: Headers = (),
        timestamp_ms: int | None = None,
        kind: Kind = Kind.PAY,
    ) -> Consumed:
        """Send a record to partition 1 of the command topic, and give it as a consumer gets it.

        With a time of long ago the broker would delete it at any moment.
        """
        value = value if value is None or isinstance(value, bytes) else written(value)
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        extra = {} if timestamp_ms is None else {"timestamp": timestamp_ms}
        topic = self.topics.commands(kind)
        producer.produce(topic, value, key=key, headers=list(headers), partition=1, **extra)
        assert producer.flush(PATIENCE_SECONDS) == 0
        return consumed(self.read(topic)[-1])

    def puts(self, topic: str, value: bytes | None, headers: Headers) -> None:
        """Write on partition 0 of any topic, as anybody could."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        producer.produce(topic, value, key=b"A1", headers=list(headers), partition=0)
        assert producer.flush(PATIENCE_SECONDS) == 0

    async def buries(self, *records: Consumed, error: NotACommandError = ERROR) -> None:
        """Put records on the dead-letter topic of theirs, as a service does."""
        async with open_producer(Brokers(self.bootstrap), client_id="tests", idempotent=False) as producer:
            for record in records:
                await DeadLetters(producer, f"{record.topic}.dlq").bury(record, error)

    def commands(self, kind: Kind = Kind.PAY) -> list[Message]:
        """Give everything on a command topic."""
        return self.read(self.topics.commands(kind))

    def letters(self, kind: Kind = Kind.PAY) -> list[str]:
        """Give the numbers of all letters, each partition's in order."""
        found = self.read(self.topics.dead_letters(kind))
        return [f"{one.topic()}-{one.partition()}-{one.offset()}" for one in found]

    def read(self, topic: str) -> list[Message]:
        """Give all records of *topic*, each partition's in order."""
        consumer = self._consumer()
        parts = [TopicPartition(topic, one, OFFSET_BEGINNING) for one in self._partitions(consumer, topic)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        ends = [_end(consumer, one, deadline) for one in parts]
        consumer.assign(parts)
        read: list[Message] = []
        while len(read) < sum(ends):
            assert time.monotonic() < deadline, f"{len(read)} of {sum(ends)} records"
            read += [message for message in consumer.consume(100, timeout=0.1) if not message.error()]
        consumer.close()
        return sorted(read, key=lambda one: (one.partition() or 0, one.offset() or 0))

    def topic_names(self) -> set[str]:
        """Name the topics of this test that there are."""
        consumer = self._consumer()
        names = {name for name in consumer.list_topics(timeout=30).topics if self.topics.prefix in name}
        consumer.close()
        return names

    def _partitions(self, consumer: Consumer, topic: str) -> list[int]:
        return sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)

    def _consumer(self) -> Consumer:
        settings: dict[str, Any] = {"bootstrap.servers": self.bootstrap, "group.id": "reader", "log_level": 0}
        return Consumer({**settings, "enable.auto.commit": False})


def _end(consumer: Consumer, partition: TopicPartition, deadline: float) -> int:
    """Give a partition's end; a topic that has just been made may still be looking for its leaders."""
    while True:
        try:
            _, end = consumer.get_watermark_offsets(partition, timeout=30)
        except KafkaException:
            assert time.monotonic() < deadline, "the partition has no leader"
        else:
            return int(end)


def consumed(message: Message) -> Consumed:
    """Give a record as a service gets it."""
    return Consumed(
        message.value(),
        key=message.key(),
        headers=message.headers() or [],
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=message.timestamp()[1],
    )
