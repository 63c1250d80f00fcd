"""A topic of the test's own on the real broker: written, read, and its group's offsets, without our code."""

from collections.abc import Iterable, Sequence
from itertools import count
import time
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from tests.kafka.apache import ApacheKafka

PATIENCE_SECONDS = 60.0  # what takes this long has failed; nothing is measured with it
Headers = Sequence[tuple[str, bytes | None]]

_numbers = count(1)


class Topic:
    """A topic; the group that reads it has its name."""

    def __init__(self, kafka: ApacheKafka, *, partitions: int = 1, **config: str) -> None:
        self.bootstrap = kafka.bootstrap
        self.name = f"intake.test.{next(_numbers)}"
        wanted = {name.replace("_", "."): value for name, value in config.items()}
        kafka.create_topics({self.name: partitions}, config=wanted)

    def send(self, values: Iterable[bytes | None], *, partition: int = 0, **settings: Any) -> None:
        """Publish values under one key; *settings* are the producer's."""
        self.send_records([(b"k", value, ()) for value in values], partition=partition, **settings)

    def send_records(
        self,
        records: Iterable[tuple[bytes | None, bytes | None, Headers]],
        *,
        partition: int = 0,
        **settings: Any,
    ) -> None:
        """Publish records as they are; returns when the broker has them."""
        names = {name.replace("_", "."): value for name, value in settings.items()}
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0, **names})
        for key, value, headers in records:
            producer.produce(self.name, value, key=key, headers=list(headers), partition=partition)
        assert producer.flush(PATIENCE_SECONDS) == 0

    def read(self, records: int) -> list[Message]:
        """Give the first *records* records, whatever their partition."""
        consumer = self._consumer("reader")
        partitions = consumer.list_topics(self.name).topics[self.name].partitions
        consumer.assign([TopicPartition(self.name, number, OFFSET_BEGINNING) for number in partitions])
        read: list[Message] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(read) < records:
            assert time.monotonic() < deadline, f"{len(read)} of {records} records"
            read += [message for message in consumer.consume(records, timeout=0.1) if not message.error()]
        consumer.close()
        return read

    def committed(self, partition: int = 0) -> int:
        """Give the offset that the group has committed, 0 if none."""
        consumer = self._consumer(self.name)
        (place,) = consumer.committed([TopicPartition(self.name, partition)], timeout=30)
        consumer.close()
        return max(place.offset, 0)

    def _consumer(self, group: str) -> Consumer:
        settings = {"bootstrap.servers": self.bootstrap, "group.id": group, "log_level": 0}
        return Consumer({**settings, "enable.auto.commit": False})


class _NotUtf8(str):
    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        """Give bytes that are no text."""
        return b"\xff\xfe"


async def send_unreadable(topic: Topic, *, partition: int) -> None:
    """Publish a record that aiokafka cannot read: the name of its header is not UTF-8."""
    async with AIOKafkaProducer(bootstrap_servers=topic.bootstrap) as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 10_000)
        batch.append(timestamp=None, key=b"k", value=b"v", headers=[(_NotUtf8("x"), b"1")])
        await (await producer.send_batch(batch, topic.name, partition=partition))
