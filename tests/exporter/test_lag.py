"""How many commands wait in Kafka for the workers, and since when."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from tests.exporter.figures import exporting

from paybus.contracts.topics import Topics
from paybus.exporter.cluster import first_unread, open_cluster
from paybus.exporter.settings import ExporterSettings
from paybus.trades.operation import Kind

RECORDS, SECONDS = "paybus_consumer_lag_records", "paybus_consumer_lag_seconds"


async def ask(producer: AIOKafkaProducer, topic: str, partition: int, *ages_seconds: float) -> None:
    """Send commands that were written so many seconds ago."""
    for age in ages_seconds:
        asked_at_ms = int((time.time() - age) * 1000)
        await producer.send_and_wait(topic, b"{}", partition=partition, timestamp_ms=asked_at_ms)


async def accept(bootstrap: str, topic: str, offsets: dict[int, int]) -> None:
    """Commit as the workers of *topic* do: under its name."""
    partitions = {TopicPartition(topic, number): offset for number, offset in offsets.items()}
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=topic, enable_auto_commit=False
    ) as consumer:
        consumer.assign(list(partitions))
        async with asyncio.timeout(30):
            await consumer.commit(partitions)


async def test_what_is_not_committed_is_the_lag(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Records of all partitions together; the age is that of the oldest one that is not committed."""
    topic = topics.commands(Kind.REFUND)
    await ask(producer, topic, 0, 9000, 600, 5)
    await ask(producer, topic, 1, 5000, 4000)
    await ask(producer, topic, 2, 30)
    await accept(settings.kafka_bootstrap, topic, {0: 1, 1: 2})
    async with exporting(settings) as page:
        figures = await page.until(lambda figures: figures(RECORDS, topic=topic) == 3)
        assert 600 <= figures(SECONDS, topic=topic) < 700
        await accept(settings.kafka_bootstrap, topic, {0: 3})
        figures = await page.until(lambda figures: figures(RECORDS, topic=topic) == 1)
        assert 30 <= figures(SECONDS, topic=topic) < 130
        await accept(settings.kafka_bootstrap, topic, {2: 1})
        await page.until(lambda figures: figures(RECORDS, topic=topic) == 0)
        figures = await page.after_another_look()
    assert figures.series(RECORDS) == figures.series(SECONDS) == {}


async def test_where_nobody_has_ever_committed_everything_waits(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """A worker that never started is seen: its topic's first record is the oldest that waits."""
    topic = topics.commands(Kind.PAY)
    async with exporting(settings) as page:
        assert (await page.scrape())(RECORDS, topic=topic) == 0
        await ask(producer, topic, 3, 500, 400)
        figures = await page.until(lambda figures: figures(RECORDS, topic=topic) == 2)
    assert 500 <= figures(SECONDS, topic=topic) < 600


async def test_the_lag_of_a_stuck_worker_grows_older(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Its first record is not read from Kafka again, and its age is counted on."""
    topic = topics.commands(Kind.CANCEL)
    await ask(producer, topic, 0, 100)
    async with exporting(settings) as page:
        first = await page.until(lambda figures: figures(RECORDS, topic=topic) == 1)
        age_seconds = first(SECONDS, topic=topic)
        await page.until(lambda figures: figures(SECONDS, topic=topic) > age_seconds)


async def test_a_command_from_the_future_is_not_younger_than_now(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Clocks differ: an age is never below 0."""
    topic = topics.commands(Kind.CANCEL)
    await ask(producer, topic, 0, -3000)
    async with exporting(settings) as page:
        figures = await page.until(lambda figures: figures(RECORDS, topic=topic) == 1)
    assert figures(SECONDS, topic=topic) == 0


async def test_looking_makes_no_topics(settings: ExporterSettings, topics: Topics) -> None:
    """A topic that appears by being asked for has the broker's number of partitions, for ever."""
    async with exporting(settings) as page:
        await page.after_another_look()
    async with open_cluster(settings.brokers) as cluster:
        assert await cluster.partitions(topics.all()) == set()


def test_only_offsets_of_records_that_are_there_count() -> None:
    """An offset before them is of records that expired, one behind them of a topic that was made anew."""
    assert first_unread(None, begin=3, end=9) == 3
    assert first_unread(5, begin=3, end=9) == 5
    assert first_unread(9, begin=3, end=9) == 9
    assert first_unread(2, begin=3, end=9) == 3
    assert first_unread(10, begin=3, end=9) == 3
