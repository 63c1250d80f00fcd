"""How many commands wait in Kafka, and for how long: what the workers' groups have not yet committed."""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, NoReturn

from aiokafka import TopicPartition

from paybus.contracts.topics import Topics
from paybus.exporter.cluster import Cluster, first_unread, open_cluster, open_consumer
from paybus.exporter.first_record import FirstRecords
from paybus.exporter.source import Source
from paybus.runtime.kafka import Brokers
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.trades.operation import Kind


class LagReader:
    """Reads the backlog of every command topic; the group that reads it has its name."""

    def __init__(self, brokers: Brokers, topics: Topics, metrics: BrokerMetrics, *, source: Source) -> None:
        self._brokers = brokers
        self._commands = [topics.commands(kind) for kind in Kind]
        self._metrics = metrics
        self._source = source

    async def read_on(self) -> NoReturn:
        """Show the lag every few seconds; raises one of OUTAGES when the brokers are away."""
        async with (
            open_cluster(self._brokers) as cluster,
            open_consumer(self._brokers, group=None) as consumer,
        ):
            first_records = FirstRecords(consumer)
            while True:
                backlogs = await self._backlogs(cluster, consumer)
                waiting = {one: first for one, (first, records) in backlogs.items() if records}
                self._show(backlogs, await first_records.timestamps_ms(waiting))
                self._source.note_read()
                await asyncio.sleep(self._source.every_seconds)

    async def _backlogs(self, cluster: Cluster, consumer: Any) -> dict[TopicPartition, tuple[int, int]]:
        """Give the first offset that is not committed, and how many records there are from it on."""
        partitions = await cluster.partitions(self._commands)
        committed: dict[TopicPartition, int] = {}
        for topic in self._commands:
            committed |= await cluster.committed(topic, {one for one in partitions if one.topic == topic})
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        firsts = {
            one: first_unread(committed.get(one), begin=begins[one], end=ends[one]) for one in partitions
        }
        return {one: (first, ends[one] - first) for one, first in firsts.items()}

    def _show(
        self,
        backlogs: Mapping[TopicPartition, tuple[int, int]],
        timestamps_ms: Mapping[TopicPartition, int],
    ) -> None:
        now = time.time()
        for topic in self._commands:
            records = sum(count for one, (_, count) in backlogs.items() if one.topic == topic)
            asked = [at / 1000 for one, at in timestamps_ms.items() if one.topic == topic]
            self._metrics.lag_records.of(topic).set(records)
            self._metrics.lag_seconds.of(topic).set(max(0.0, now - min(asked, default=now)))
