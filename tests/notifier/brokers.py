"""Two brokers with one face: to open a producer, and to read what a consumer would."""

from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import count

from aiokafka import AIOKafkaConsumer, TopicPartition

from paybus.notifier.memory_broker import MemoryBroker, Record
from paybus.notifier.publication import Producer
from paybus.runtime.kafka import Brokers, open_producer

_numbers = count(1)


class Memory:
    """The broker in memory."""

    topic = "events"

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def open_producer(self) -> AbstractAsyncContextManager[Producer]:
        """Open a producer."""
        return self._broker.open_producer()

    async def records(self) -> list[Record]:
        """Give everything, in order."""
        return list(self._broker.log)


class Kafka:
    """A broker at an address; *topic* is the test's own."""

    def __init__(self, bootstrap: str) -> None:
        self.topic = f"notifier.test.{next(_numbers)}"
        self.bootstrap = bootstrap
        self.open_producer = partial(open_producer, Brokers(bootstrap), client_id="tests")

    async def records(self) -> list[Record]:
        """Give everything, each partition in order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, client_id="tests")
        await consumer.start()
        try:
            await consumer._client._wait_on_metadata(self.topic)
            numbers = consumer.partitions_for_topic(self.topic) or set()
            partitions = [TopicPartition(self.topic, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            return [one for partition in partitions for one in await _read(consumer, partition, ends)]
        finally:
            await consumer.stop()


async def _read(
    consumer: AIOKafkaConsumer, partition: TopicPartition, ends: dict[TopicPartition, int]
) -> list[Record]:
    records: list[Record] = []
    while await consumer.position(partition) < ends[partition]:
        record = await consumer.getone(partition)
        records.append(Record(record.topic, record.key, record.value, tuple(record.headers)))
    return records
