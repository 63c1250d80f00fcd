"""The seams with FastStream and aiokafka: nothing is committed that is not durable, on a real broker."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
import pytest
from tests.intake.subscribers import Hand, subscribed, until_committed
from tests.intake.topics import Topic, send_unreadable
from tests.kafka.apache import ApacheKafka

from paybus.intake import subscriber as module
from paybus.intake.reading import Record
from paybus.intake.subscriber import commit


async def test_a_batch_is_committed_when_it_was_taken(kafka: ApacheKafka) -> None:
    """Offsets follow the handler: none while a batch is held, then those of the batch."""
    topic, hand = Topic(kafka), Hand(open_=False)
    topic.send([b"1", b"2", b"3"])
    async with subscribed(topic, hand.take):
        await hand.until(lambda: len(hand.places) == 3)
        assert topic.committed() == 0
        hand.gate.set()
        await until_committed(topic, 3)


async def test_exactly_the_batch_is_committed(kafka: ApacheKafka) -> None:
    """The consumer may have read on: committing its position would lose what nobody has accepted yet."""
    topic = Topic(kafka)
    topic.send([b"1", b"2", b"3", b"4", b"5"])
    async with _member(topic) as consumer:
        batch = [await consumer.getone() for _ in range(3)]
        further = await consumer.getone()
        await commit(consumer, batch)
        assert await asyncio.to_thread(topic.committed) == further.offset == 3


async def test_a_batch_over_several_partitions_is_committed_in_each(kafka: ApacheKafka) -> None:
    """A batch has the records of all partitions that have some, and each gets its own offset."""
    topic, hand = Topic(kafka, partitions=3), Hand()
    for partition in range(3):
        topic.send([b"v"] * (partition + 1), partition=partition)
    async with subscribed(topic, hand.take):
        await hand.until(lambda: len(hand.places) == 6)
        for partition in range(3):
            await until_committed(topic, partition + 1, partition=partition)


async def test_each_division_of_the_group_is_told(kafka: ApacheKafka) -> None:
    """Who reads alone has every partition, and less when another one comes."""
    topic, hand, told = Topic(kafka, partitions=4), Hand(), list[int]()
    topic.send([b"v"], partition=0)
    async with subscribed(topic, hand.take, assigned=told.append):
        await hand.until(lambda: len(hand.places) == 1)
        assert told == [4]
        second = Hand()
        async with subscribed(topic, second.take):
            topic.send([b"v"] * 4, partition=3)
            topic.send([b"v"] * 4, partition=0)
            await until_committed(topic, 4, partition=3)
            await until_committed(topic, 5, partition=0)
            async with asyncio.timeout(60):
                while len(told) < 2:  # noqa: ASYNC110 -- the group tells in its own time
                    await asyncio.sleep(0.02)
    assert told[1] == 2


async def test_who_dies_between_accepting_and_committing_is_given_it_again(kafka: ApacheKafka) -> None:
    """What was being taken comes again to whoever reads next, from its first record."""
    topic, killed, successor = Topic(kafka), Hand(open_=False), Hand()
    topic.send([b"1", b"2", b"3"])
    async with subscribed(topic, killed.take):
        await killed.until(lambda: len(killed.places) == 3)
    assert topic.committed() == 0
    async with subscribed(topic, successor.take):
        await successor.until(lambda: len(successor.places) == 3)
        await until_committed(topic, 3)


async def test_nothing_is_taken_or_committed_after_a_failure(kafka: ApacheKafka) -> None:
    """FastStream swallows what a handler raises and goes on: the next commit would pass the failed batch."""
    topic, taken = Topic(kafka, partitions=2), list[int]()

    async def take(records: Sequence[Record]) -> None:
        taken.extend(record.partition for record in records)
        raise ZeroDivisionError

    topic.send([b"1"], partition=0)
    async with subscribed(topic, take) as running:
        assert isinstance(await running.failure(), ZeroDivisionError)
        topic.send([b"2"] * 3, partition=1)
        await _read_by_faststream(running.consumer, topic)
        assert taken == [0]
    assert (topic.committed(0), topic.committed(1)) == (0, 0)


async def test_a_record_that_cannot_be_read_takes_no_other_with_it(kafka: ApacheKafka) -> None:
    """What aiokafka read before an unreadable batch counts as consumed: so nothing may be read after it.

    Whoever reads next is given the good records of the other partitions, all of them.
    """
    topic, hand = Topic(kafka, partitions=3), Hand()
    for partition in (0, 1):
        topic.send([b"good"] * 5, partition=partition)
    await send_unreadable(topic, partition=2)
    async with subscribed(topic, hand.take) as running:
        assert isinstance(await running.failure(), UnicodeDecodeError)
        topic.send([b"later"] * 3, partition=0)
        topic.send([b"later"] * 3, partition=1)
    for partition in (0, 1):
        offsets = [offset for place, offset in hand.places if place == partition]
        assert topic.committed(partition) == len(offsets)
        assert offsets == list(range(len(offsets)))


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
async def test_commands_may_be_compressed(kafka: ApacheKafka, codec: str) -> None:
    """Order services compress as they like."""
    topic, hand = Topic(kafka), Hand()
    topic.send([b"tea " * 1000], compression_type=codec)
    async with subscribed(topic, hand.take):
        await hand.until(lambda: len(hand.places) == 1)
    assert hand.batches[0][0].value == b"tea " * 1000


async def test_records_come_as_they_are(kafka: ApacheKafka) -> None:
    """FastStream's parser is out of the way: no key, no value, and headers that it could not read."""
    topic, hand = Topic(kafka), Hand()
    headers = [("x", None), ("y", b"\xff\xfe"), ("x", b"")]
    topic.send_records([(None, None, headers), (b"\xff", b"\xfe", ())])
    async with subscribed(topic, hand.take):
        await hand.until(lambda: len(hand.places) == 2)
    first, second = (one for batch in hand.batches for one in batch)
    assert (first.key, first.value, list(first.headers)) == (None, None, headers)
    assert (second.key, second.value, list(second.headers)) == (b"\xff", b"\xfe", [])


async def test_faststream_commits_nothing_by_itself(
    kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledging is ours alone: where we do not, nobody does, not even at the end."""
    committed = asyncio.Event()

    async def no_commit(_consumer: object, _records: Sequence[Record]) -> None:
        committed.set()

    monkeypatch.setattr(module, "commit", no_commit)
    topic, hand = Topic(kafka), Hand()
    topic.send([b"1"])
    async with subscribed(topic, hand.take):
        async with asyncio.timeout(60):
            await committed.wait()
    assert topic.committed() == 0


async def test_a_held_batch_keeps_its_member_in_the_group(kafka: ApacheKafka) -> None:
    """While it waits for room a worker takes part in the group: another joins, and it keeps its share.

    What it holds of a partition that it lost comes again to the other one, and is not committed by it.
    """
    topic, waiting, joining = Topic(kafka, partitions=2), Hand(open_=False), Hand()
    for partition in (0, 1):
        topic.send([b"1", b"2"], partition=partition)
    async with subscribed(topic, waiting.take) as first:
        await waiting.until(lambda: len(waiting.places) == 4)
        async with subscribed(topic, joining.take):
            await joining.until(lambda: len(joining.places) == 2)
            (kept,) = {place.partition for place in first.consumer.assignment()}
            assert {partition for partition, _ in joining.places} == {1 - kept}
            await until_committed(topic, 2, partition=1 - kept)
            topic.send([b"3"], partition=1 - kept)
            await until_committed(topic, 3, partition=1 - kept)
            assert topic.committed(kept) == 0
            waiting.gate.set()
            await until_committed(topic, 2, partition=kept)
            assert topic.committed(1 - kept) == 3


async def test_what_went_to_another_member_is_left_out_of_a_commit(kafka: ApacheKafka) -> None:
    """Of a batch over two partitions, one of which has gone, the other one is committed all the same."""
    topic = Topic(kafka, partitions=2)
    for partition in (0, 1):
        topic.send([b"1", b"2"], partition=partition)
    first, second = _member(topic), _member(topic)
    async with first:
        batch = [await first.getone() for _ in range(4)]
        async with second:
            await second.getone()
            (kept,) = {place.partition for place in first.assignment()}
            await commit(first, batch)
            assert await asyncio.to_thread(topic.committed, kept) == 2
            assert await asyncio.to_thread(topic.committed, 1 - kept) == 0


async def test_a_refused_commit_is_no_failure(kafka: ApacheKafka) -> None:
    """The batch is durable: refused, its records come again, as duplicates. The consumer may have ended."""
    topic = Topic(kafka)
    topic.send([b"1"])
    async with _member(topic) as consumer:
        batch = [await consumer.getone()]
        consumer.unsubscribe()
        await commit(consumer, batch)
    assert topic.committed() == 0


def _member(topic: Topic) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic.name,
        bootstrap_servers=topic.bootstrap,
        group_id=topic.name,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=6000,
        heartbeat_interval_ms=300,
    )


async def _read_by_faststream(consumer: AIOKafkaConsumer, topic: Topic) -> None:
    """Return when FastStream has read all of *topic*, or has ended to read."""
    for partition in consumer.assignment():
        (end,) = (await consumer.end_offsets([partition])).values()
        async with asyncio.timeout(60):
            while await consumer.position(partition) < end:  # noqa: ASYNC110 -- nobody is told of a position
                await asyncio.sleep(0.02)
