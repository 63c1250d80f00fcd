"""Dead letters have everything the record had, on a real broker; and none can hold up its partition."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from confluent_kafka import Message
import pytest
from tests.intake.house import Cemetery
from tests.intake.records import SENT_MS, Consumed
from tests.intake.topics import Topic
from tests.kafka.apache import ApacheKafka

from paybus.contracts.errors import NotACommandError
from paybus.intake.dead_letter import KEPT_BYTES, DeadLetters
from paybus.runtime.kafka import Brokers, open_producer

ERROR = NotACommandError("not_json", "the value is not JSON")
OURS = {
    "kafka_dlt-original-topic": b"paybus.pay.commands.v1",
    "kafka_dlt-original-partition": b"3",
    "kafka_dlt-original-offset": b"7",
    "kafka_dlt-original-timestamp": str(SENT_MS).encode(),
    "paybus-reason": b"not_json",
}


@pytest.fixture
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Give the producer that services use for letters."""
    async with open_producer(Brokers(bootstrap), client_id="tests", idempotent=False) as opened:
        yield opened


def headers_of(letter: Message) -> list[tuple[str, bytes | None]]:
    """Give a letter's headers."""
    return letter.headers() or []


@pytest.mark.parametrize(
    "record",
    [
        Consumed(b'{"a": 1}', key=b"A1", headers=[("ce_id", b"1"), ("ce_id", b"2")]),
        Consumed(b"\xff\xfe", key=b"\xff", headers=[("x", None), ("y", b"\xff\xfe"), ("z", b"")]),
        Consumed(None, key=b"A1", headers=[("x", None)]),
        Consumed(b"", key=None),
    ],
)
async def test_a_letter_has_the_original_bytes(
    kafka: ApacheKafka, producer: AIOKafkaProducer, record: Consumed
) -> None:
    """Value, key and headers come back byte for byte, null or not UTF-8; our headers follow."""
    topic = Topic(kafka)
    await DeadLetters(producer, topic.name).bury(record, ERROR)
    (letter,) = topic.read(1)
    assert (letter.value(), letter.key()) == (record.value, record.key)
    assert headers_of(letter)[: len(record.headers)] == list(record.headers)
    assert OURS.items() <= dict(headers_of(letter)[len(record.headers) :]).items()


async def test_a_record_with_nothing_is_kept_too(kafka: ApacheKafka, producer: AIOKafkaProducer) -> None:
    """The client sends no record without key and value: the letter has an empty key instead."""
    topic = Topic(kafka)
    await DeadLetters(producer, topic.name).bury(Consumed(None, key=None), ERROR)
    (letter,) = topic.read(1)
    assert (letter.value(), letter.key()) == (None, b"")


async def test_a_record_too_large_for_another_header_is_cut(
    kafka: ApacheKafka, producer: AIOKafkaProducer
) -> None:
    """The largest record that a topic takes has no room for our headers: what is kept says that it is cut."""
    topic, large = Topic(kafka), Consumed(b"x" * 1_048_400, headers=[("y", b"1")])
    await DeadLetters(producer, topic.name).bury(large, ERROR)
    (letter,) = topic.read(1)
    headers = dict(headers_of(letter))
    assert (letter.value(), letter.key()) == (b"x" * KEPT_BYTES, b"A1")
    assert OURS.items() <= headers.items()
    assert b"too large" in (headers["kafka_dlt-exception-message"] or b"")
    assert "y" not in headers


async def test_a_letter_the_broker_refuses_does_not_stop_the_next(
    kafka: ApacheKafka, producer: AIOKafkaProducer
) -> None:
    """Where the broker takes less than the client, the letter is cut as well, and later ones get through."""
    topic = Topic(kafka, max_message_bytes="100000")
    letters = DeadLetters(producer, topic.name)
    await letters.bury(Consumed(b"before"), ERROR)
    await letters.bury(Consumed(b"x" * 200_000), ERROR)
    await letters.bury(Consumed(b"after"), ERROR)
    assert [letter.value() for letter in topic.read(3)] == [b"before", b"x" * KEPT_BYTES, b"after"]


async def test_whoever_has_an_enormous_key_or_headers_is_cut_to_fit() -> None:
    """No part of the record is repeated beyond KEPT_BYTES once the whole is too large."""
    cemetery = Cemetery([MessageSizeTooLargeError()])
    record = Consumed(None, key=b"k" * 900_000, headers=[("h", b"h" * 900_000)])
    await DeadLetters(cemetery, "letters").bury(record, ERROR)
    ((key, value, headers),) = cemetery.letters
    assert (key, value) == (b"k" * KEPT_BYTES, None)
    assert sum(len(text or b"") for _, text in headers) < 2_000


async def test_any_other_refusal_is_passed_on() -> None:
    """A letter that is nowhere must not look as if it were kept."""
    cemetery = Cemetery([KafkaError()])
    with pytest.raises(KafkaError):
        await DeadLetters(cemetery, "letters").bury(Consumed(b"x"), ERROR)
    assert cemetery.letters == []
