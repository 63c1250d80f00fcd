"""When the first record that waits in a partition was written: read from the record itself.

Brokers can be asked for an offset by time, never for the time of an offset. A partition whose first record
is still the same is not read again: that is the one whose reader is stuck, and the one that matters.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition

READ_SECONDS = 2.0
"""For all partitions together; a broker that serves anything serves one record of each in milliseconds."""


class FirstRecords:
    """Reads with a *consumer* that is used for nothing else."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._known: dict[TopicPartition, tuple[int, int]] = {}

    async def timestamps_ms(self, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Give the Unix time of the record at each of *offsets*, or of the next one, in milliseconds.

        Where it could not be read in time, it is left out. Raises KafkaError.
        """
        self._known = {one: seen for one, seen in self._known.items() if seen[0] == offsets.get(one)}
        unread = {one: offset for one, offset in offsets.items() if one not in self._known}
        if unread:
            await self._read(unread)
        return {one: timestamp_ms for one, (_, timestamp_ms) in self._known.items() if timestamp_ms >= 0}

    async def _read(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._consumer.assign(list(offsets))
        for partition, offset in offsets.items():
            self._consumer.seek(partition, offset)
        missing = set(offsets)
        loop = asyncio.get_running_loop()
        until = loop.time() + READ_SECONDS
        while missing and (left_seconds := until - loop.time()) > 0:
            batches = await self._consumer.getmany(*missing, timeout_ms=int(left_seconds * 1000))
            for partition, records in batches.items():
                self._known[partition] = (offsets[partition], records[0].timestamp)
            missing -= batches.keys()
            self._consumer.pause(*batches)
        self._consumer.pause(*missing)  # read no more than was asked for
