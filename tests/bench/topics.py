"""The driver's side of Kafka: commands in, results out, by a client that costs little."""

from collections.abc import Callable, Iterable
import time
import uuid

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

JOIN_SECONDS = 60.0


Command = tuple[str, bytes, list[tuple[str, str | bytes | None]]]  # key, value, headers


class GroupNotReadyError(Exception):
    """The contender's consumer group has not become stable in time."""


def await_group(bootstrap: str, group: str, check: Callable[[], None]) -> None:
    """Return when *group* has members and its partitions; *check* raises when there is no hope."""
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        check()
        # A new client each time: one that asked before there was a coordinator may never find it.
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        try:
            found = admin.describe_consumer_groups([group])[group].result()
        except KafkaException:
            found = None  # the coordinator is not there yet
        if found and found.state == ConsumerGroupState.STABLE and found.members:
            return
        time.sleep(0.1)
    raise GroupNotReadyError(group)


def send(bootstrap: str, topic: str, commands: Iterable[Command]) -> None:
    """Produce every (key, value, headers) and return when the broker has them all."""
    errors: list[KafkaError | None] = []
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 0}
    )
    for key, value, headers in commands:
        producer.produce(
            topic, value, key=key, headers=headers, on_delivery=lambda error, _: errors.append(error)
        )
        producer.poll(0)
    assert producer.flush(60) == 0, "the broker did not take the commands"
    assert not any(errors), next(filter(None, errors))


class Results:
    """Reads a results topic from its beginning: `answer_of` gives a message's charge code, or None."""

    def __init__(self, bootstrap: str, topic: str, answer_of: Callable[[Message], str | None]) -> None:
        self._answer_of = answer_of
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": uuid.uuid4().hex,
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        partitions = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        self.answered: set[str] = set()
        self.last_at: float | None = None

    def collect(self, count: int, *, seconds: float) -> None:
        """Return when *count* commands are answered or the time is over."""
        deadline = time.monotonic() + seconds
        while len(self.answered) < count and (left := deadline - time.monotonic()) > 0:
            for message in self._consumer.consume(500, timeout=min(left, 0.05)):
                answer = None if message.error() else self._answer_of(message)
                if answer is not None:
                    self.answered.add(answer)
                    self.last_at = time.monotonic()

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
