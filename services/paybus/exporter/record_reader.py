"""Calls and dead letters, every partition, each record counted once.

How far we are is committed to Kafka under a group of our own that never has members. So a new process counts
what came while none ran, and nothing again; only what a killed process counted in its last seconds comes
twice. Without that, from the beginning or after a long absence, it looks back a bounded number of records.
"""

import asyncio
from contextlib import suppress
from typing import Any, NoReturn

from aiokafka import TopicPartition
import structlog

from paybus.exporter.cluster import Cluster, first_unread, open_cluster, open_consumer
from paybus.exporter.source import OUTAGES, Source
from paybus.exporter.tally import Tally
from paybus.runtime.kafka import Brokers

LOOK_BACK_RECORDS = 100_000
"""Of each partition: minutes of full load, read again in seconds. What is older is not worth a late start."""

_FIRST_SECONDS = 0.5  # so that it is soon ready
_POLL_RECORDS = 2_000  # counted without a pause: 20 ms in which nobody else has the loop
COMMIT_SECONDS = 5.0  # it takes milliseconds; in an outage aiokafka would try for ever
_LAST_COMMIT_SECONDS = 2.0

_log = structlog.get_logger(__name__)


class RecordReader:
    """Reads for one *tally*; remembers its positions over outages."""

    def __init__(self, brokers: Brokers, group: str, *, tally: Tally, source: Source) -> None:
        self._brokers = brokers
        self._group = group
        self._tally = tally
        self._source = source
        self._positions: dict[TopicPartition, int] = {}

    async def read_on(self) -> NoReturn:
        """Count records as they come; raises one of OUTAGES when the brokers are away."""
        async with (
            open_cluster(self._brokers) as cluster,
            open_consumer(self._brokers, group=self._group) as consumer,
        ):
            seconds = min(_FIRST_SECONDS, self._source.every_seconds)
            try:
                while True:
                    await self._take_partitions(cluster, consumer)
                    await self._count_for(seconds, consumer)
                    await self._commit(consumer, COMMIT_SECONDS)
                    self._source.note_read()
                    seconds = self._source.every_seconds
            except asyncio.CancelledError:
                with suppress(*OUTAGES):
                    await self._commit(consumer, _LAST_COMMIT_SECONDS)
                raise

    async def _take_partitions(self, cluster: Cluster, consumer: Any) -> None:
        """Begin to read the partitions that are new since we last looked."""
        partitions = await cluster.partitions(self._tally.topics)
        new = partitions - consumer.assignment()
        if not new:
            return
        await self._find_positions(cluster, consumer, new)
        consumer.assign(list(new | consumer.assignment()))
        for partition in consumer.assignment():
            consumer.seek(partition, self._positions[partition])

    async def _find_positions(self, cluster: Cluster, consumer: Any, new: set[TopicPartition]) -> None:
        committed = await cluster.committed(self._group, new)
        begins, ends = await consumer.beginning_offsets(new), await consumer.end_offsets(new)
        for partition in new:
            noted = self._positions.get(partition, committed.get(partition))
            begin, end = begins[partition], ends[partition]
            first = first_unread(noted, begin=begin, end=end)
            start = max(first, end - LOOK_BACK_RECORDS)
            if start > first:
                _log.warning("exporter.records_not_counted", topic=partition.topic, records=start - first)
            self._positions[partition] = start

    async def _count_for(self, seconds: float, consumer: Any) -> None:
        if not consumer.assignment():  # no topic is there yet, and without one getmany would wait for ever
            await asyncio.sleep(seconds)
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left_seconds := until - loop.time()) > 0:
            batches = await consumer.getmany(timeout_ms=int(left_seconds * 1000), max_records=_POLL_RECORDS)
            for partition, records in batches.items():
                for record in records:
                    self._tally.count(record)
                self._positions[partition] = records[-1].offset + 1
            await asyncio.sleep(0)  # what is buffered comes without waiting, and others want the loop, too

    async def _commit(self, consumer: Any, seconds: float) -> None:
        # All of them, also where nothing came: Kafka forgets what has not been committed for a week.
        if self._positions:
            offsets = {partition: self._positions[partition] for partition in consumer.assignment()}
            async with asyncio.timeout(seconds):
                await consumer.commit(offsets)
