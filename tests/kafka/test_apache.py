"""The tests' own Apache Kafka keeps what it was given, also over kill -9."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
import pytest
from tests import cache
from tests.kafka.apache import ApacheKafka
from tests.kafka.jars import KafkaUnavailableError, resolve_jars

COUNT = 600


async def test_two_members_share_the_partitions_and_every_record(kafka: ApacheKafka) -> None:
    """Two consumers of one group own all partitions between them, and together read each record once."""
    kafka.create_topics({"shared": 6})
    await _produce(kafka.bootstrap, "shared", COUNT)
    members = [_consumer(kafka.bootstrap, "shared") for _ in range(2)]
    for member in members:
        await member.start()
    try:
        async with asyncio.timeout(60):
            while not _is_divided(members, "shared", 6):
                await asyncio.gather(*(member.getmany(timeout_ms=100, max_records=1) for member in members))
        for member in members:
            await member.seek_to_beginning()
        async with asyncio.timeout(60):
            seen = await _read_all(members)
    finally:
        for member in members:
            await member.stop()
    assert seen == Counter({b"%d" % number: 1 for number in range(COUNT)})


async def test_a_killed_broker_has_lost_nothing(own_kafka: ApacheKafka) -> None:
    """After kill -9 and a start on the same data the acknowledged records and committed offsets are there."""
    own_kafka.create_topics({"durable": 1})
    await _produce(own_kafka.bootstrap, "durable", COUNT)
    first = await _take(own_kafka.bootstrap, COUNT // 2)
    before = own_kafka.bootstrap
    await asyncio.to_thread(own_kafka.kill)
    await asyncio.to_thread(own_kafka.start)
    assert own_kafka.bootstrap == before
    rest = await _take(own_kafka.bootstrap, COUNT - COUNT // 2)
    assert first + rest == [b"%d" % number for number in range(COUNT)]


def test_a_topic_is_created_once(kafka: ApacheKafka) -> None:
    """Creating a topic again is no error, so that tests may share one."""
    kafka.create_topics({"once": 2})
    kafka.create_topics({"once": 2})


def test_the_reason_is_told_when_java_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java skips these tests with a text a person can act on."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(KafkaUnavailableError, match="no java on the path"):
        resolve_jars()


def test_the_reason_is_told_when_nothing_can_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed download is told in Maven's words and leaves nothing behind that looks complete."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {
        "java": "echo 'openjdk version \"17.0.1\"' >&2",
        "mvn": "echo '[ERROR] no route to anywhere'; exit 1",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "cache")
    with pytest.raises(KafkaUnavailableError, match="no route to anywhere"):
        resolve_jars()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.fixture
def own_kafka(kafka: ApacheKafka, tmp_path: Path) -> Iterator[ApacheKafka]:
    """Give a broker of the test's own, which it may kill (where the shared one runs, this one can)."""
    with ApacheKafka(tmp_path / "kafka") as broker:
        yield broker


def _is_divided(members: list[AIOKafkaConsumer], topic: str, partitions: int) -> bool:
    """Tell whether each member owns some, and each partition is owned once: all have heard of each other."""
    owned = Counter(partition for member in members for partition in member.assignment())
    wanted = Counter(TopicPartition(topic, number) for number in range(partitions))
    return all(member.assignment() for member in members) and owned == wanted


def _consumer(bootstrap: str, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, enable_auto_commit=False,
        auto_offset_reset="earliest", session_timeout_ms=6000, heartbeat_interval_ms=300,
    )  # fmt: skip


async def _produce(bootstrap: str, topic: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        sent = [await producer.send(topic, b"%d" % number, key=b"%d" % number) for number in range(count)]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _read_all(members: list[AIOKafkaConsumer]) -> Counter[bytes]:
    """Read until every owned partition is at its end."""
    seen: Counter[bytes] = Counter()
    while seen.total() < COUNT:
        for batch in await asyncio.gather(*(member.getmany(timeout_ms=200) for member in members)):
            seen.update(record.value for records in batch.values() for record in records)
    return seen


async def _take(bootstrap: str, count: int) -> list[bytes]:
    consumer = _consumer(bootstrap, "durable")
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            records = [await consumer.getone() for _ in range(count)]
        await consumer.commit({TopicPartition("durable", 0): records[-1].offset + 1})
    finally:
        await consumer.stop()
    return [record.value for record in records]
