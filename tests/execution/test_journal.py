"""The audit trail never holds up a payment, never fails one, and loses as little as it can."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaError, KafkaTimeoutError
import pytest
from tests.intake.topics import Topic
from tests.kafka.apache import ApacheKafka

from paybus.contracts.call import GatewayCall, decode_call
from paybus.execution import journal as module
from paybus.execution.journal import Journal, open_journal
from paybus.runtime.kafka import Brokers, open_producer


def call(number: int = 1) -> GatewayCall:
    """Give a record."""
    return GatewayCall(
        operation="pay",
        kind="pay",
        merchant_id="0010000001",
        charge_code=f"C{number}",
        key=f"C{number}",
        verdict="executed",
        return_code="SUCCESS",
        at_ms=1,
        duration_us=2,
    )


@dataclass
class Buffer:
    """A producer in memory: its buffer is full while `room` is not set, its broker takes what it is told."""

    room: asyncio.Event = field(default_factory=asyncio.Event)
    errors: list[KafkaError] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    deliveries: list[asyncio.Future[None]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, topic: str, value: bytes, *, key: bytes, headers: Any) -> Any:
        """Wait for room, then take the record or refuse it."""
        self.asked.set()
        await self.room.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.keys.append(key)
        self.headers.append(headers)
        self.deliveries.append(asyncio.get_running_loop().create_future())
        return self.deliveries[-1]

    async def until(self, records: int) -> None:
        """Return when so many records were taken."""
        async with asyncio.timeout(30):
            while len(self.keys) < records:  # noqa: ASYNC110 -- it has no bell
                await asyncio.sleep(0)


async def test_writing_does_not_wait_for_the_broker() -> None:
    """With a full buffer, or without a topic, a payment goes on: the records wait, and keep their order."""
    buffer = Buffer()
    async with open_journal(buffer, "calls") as journal:
        for number in range(3):
            journal.write(call(number))
        await buffer.asked.wait()
        assert buffer.keys == []
        buffer.room.set()
        await buffer.until(3)
    assert buffer.keys == [b"C0", b"C1", b"C2"]


async def test_a_record_names_its_place_in_the_trace() -> None:
    """Whoever reads it finds the trace; without one there is no header."""
    buffer = Buffer()
    buffer.room.set()
    journal = Journal(buffer, "calls")
    place = f"00-{'1' * 32}-{'2' * 16}-01"
    journal.write(call(), place)
    journal.write(call())
    await journal.write_rest()
    assert buffer.headers == [[("traceparent", place.encode())], []]


async def test_only_so_many_records_wait() -> None:
    """A broker that is away for long costs records, and they are counted; memory is not its price."""
    buffer = Buffer()
    journal = Journal(buffer, "calls", most=2)
    for number in range(5):
        journal.write(call(number))
    assert journal.dropped == 3


async def test_what_the_producer_holds_counts_as_waiting() -> None:
    """Its buffer is memory as well: until the broker has a record, it is one of those that wait."""
    buffer = Buffer()
    buffer.room.set()
    journal = Journal(buffer, "calls", most=2)
    for number in range(2):
        journal.write(call(number))
    await journal.write_rest()
    journal.write(call(2))
    assert journal.dropped == 1
    buffer.deliveries[0].set_result(None)
    await asyncio.sleep(0)  # a future tells its listeners in the loop's next turn
    journal.write(call(3))
    assert journal.dropped == 1


@pytest.mark.parametrize("error", [KafkaTimeoutError(), KafkaError()])
async def test_a_record_that_is_refused_is_dropped_alone(error: KafkaError) -> None:
    """An error of the broker's ends one record, not the journal, and frees its place."""
    buffer = Buffer(errors=[error])
    buffer.room.set()
    journal = Journal(buffer, "calls", most=2)
    for number in range(2):
        journal.write(call(number))
    await journal.write_rest()
    assert (buffer.keys, journal.dropped) == ([b"C1"], 1)
    journal.write(call(2))
    assert journal.dropped == 1


@pytest.mark.parametrize("how", ["error", "cancelled"])
async def test_a_record_that_is_not_delivered_is_counted(how: str) -> None:
    """What the producer gave up later is missing too, and nobody needs to wait for it."""
    buffer = Buffer()
    buffer.room.set()
    journal = Journal(buffer, "calls")
    journal.write(call())
    await journal.write_rest()
    if how == "error":
        buffer.deliveries[0].set_exception(KafkaTimeoutError())
    else:
        buffer.deliveries[0].cancel()
    await asyncio.sleep(0)  # a future tells its listeners in the loop's next turn
    assert journal.dropped == 1


async def test_the_end_hands_over_what_is_left() -> None:
    """The records of the last calls are not lost with a stop, nor sent twice."""
    buffer = Buffer()
    async with open_journal(buffer, "calls") as journal:
        for number in range(3):
            journal.write(call(number))
        await buffer.asked.wait()
        asyncio.get_running_loop().call_later(0.01, buffer.room.set)
    assert buffer.keys == [b"C0", b"C1", b"C2"]


async def test_the_end_does_not_wait_for_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop must not take as long as a timeout of Kafka's."""
    monkeypatch.setattr(module, "LAST_SECONDS", 0.01)
    async with asyncio.timeout(30):
        async with open_journal(Buffer(), "calls") as journal:
            journal.write(call())


async def test_the_records_can_be_read(kafka: ApacheKafka) -> None:
    """On the broker they have the trade's code as their key, and everything that was noted."""
    topic = Topic(kafka)
    async with (
        open_producer(Brokers(topic.bootstrap), client_id="tests", idempotent=False) as producer,
        open_journal(producer, topic.name) as journal,
    ):
        journal.write(call(7))
    (read,) = topic.read(1)
    assert (read.key(), decode_call(read.value() or b"")) == (b"C7", call(7))
