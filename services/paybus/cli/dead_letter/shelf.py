"""The dead-letter topics read whole, without being a member of any group: nobody's work is taken away."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition

from paybus.cli.dead_letter.letter import Letter
from paybus.cli.kafka import open_consumer, partitions_by_topic, translated
from paybus.runtime.kafka import Brokers

LOOK_BACK_RECORDS: Final = 20_000
"""Of each partition: of some hundred bytes each, and more than anybody will look through."""

_READ_SECONDS: Final = 120.0  # thousands of records a second; a broker that needs longer serves nobody
_WAIT_MS: Final = 500
_CLIENT: Final = "paybus-dlq"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every letter that lies on the topics, and which partitions every topic has."""

    letters: Sequence[Letter]
    left_out: int
    """Older ones, beyond what is looked back."""
    partitions: Mapping[str, frozenset[int]]


async def read_shelf(brokers: Brokers, topics: Sequence[str]) -> Shelf:
    """Read the letters on *topics*; one that does not exist has none, and is not made. Raises CliError."""
    with translated():
        partitions = await partitions_by_topic(brokers, _CLIENT)
        wanted = [TopicPartition(topic, one) for topic in topics for one in partitions.get(topic, ())]
        if not wanted:
            return Shelf((), 0, partitions)
        async with asyncio.timeout(_READ_SECONDS), open_consumer(brokers, _CLIENT) as consumer:
            left_out, ends = await _go_back(consumer, wanted)
            letters = [Letter.read(record) async for record in _records(consumer, ends)]
    return Shelf(sorted(letters, key=lambda letter: letter.place), left_out, partitions)


async def _go_back(consumer: Any, wanted: list[TopicPartition]) -> tuple[int, dict[TopicPartition, int]]:
    """Begin LOOK_BACK_RECORDS before the end; give how many lie before that, and the ends."""
    consumer.assign(wanted)
    begins, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
    left_out = 0
    for one in wanted:
        start = max(begins[one], ends[one] - LOOK_BACK_RECORDS)
        left_out += start - begins[one]
        consumer.seek(one, start)
    return left_out, ends


async def _records(consumer: Any, ends: Mapping[TopicPartition, int]) -> AsyncIterator[Any]:
    """Give the records that were there when the ends were asked for."""
    unread = set(ends)
    while unread := {one for one in unread if await consumer.position(one) < ends[one]}:
        batches = await consumer.getmany(*unread, timeout_ms=_WAIT_MS)
        for partition, records in batches.items():
            for record in records:
                if record.offset < ends[partition]:
                    yield record
