"""The command topics after a restore: where they end, and from where their groups are to read again.

A group has the name of its topic (runtime/consumer.py).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import time
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from paybus.cli.errors import CliError
from paybus.cli.kafka import open_consumer, partitions_by_topic, translated
from paybus.ledger.restoration import End
from paybus.runtime.kafka import Brokers

MARGIN: Final = timedelta(hours=1)
"""Records bear their producers' times: what an accepted record says may be wrong by so much. What is read
once too often is a duplicate."""

_SECONDS: Final = 60.0  # some questions to the brokers for each topic
_MEMBERS_SECONDS: Final = 20.0  # a group forgets a member that was killed after its session, 6 s
_PAUSE_SECONDS: Final = 0.5
_CLIENT: Final = "paybus-restored"


@dataclass(frozen=True, slots=True)
class Place:
    """One partition: where it ends, what its group has committed, and from where it is to read again."""

    end: End
    committed: int | None
    again_from: int | None
    """None where nothing has to be read again."""

    @property
    def again(self) -> int:
        """Count the records that would be read again."""
        return 0 if self.again_from is None or self.committed is None else self.committed - self.again_from


async def find_places(brokers: Brokers, topics: Sequence[str], *, since: datetime | None) -> list[Place]:
    """Look at every partition of *topics*; without *since* nothing is read again. Raises CliError."""
    with translated():
        async with asyncio.timeout(_SECONDS):
            known = await partitions_by_topic(brokers, _CLIENT)
            if missing := [topic for topic in topics if topic not in known]:
                raise CliError(f"PAYBUS_TOPIC_PREFIX: the broker has no topic {missing[0]}")
            partitions = [[TopicPartition(topic, one) for one in sorted(known[topic])] for topic in topics]
            return [place for its in partitions for place in await _places_of(brokers, its, since)]


async def rewind(brokers: Brokers, places: Sequence[Place]) -> None:
    """Set the groups back to where they are to read again. Raises CliError, also if they have members."""
    offsets: dict[str, dict[TopicPartition, int]] = {}
    for place in places:
        if place.again_from is not None:
            partition = TopicPartition(place.end.topic, place.end.partition)
            offsets.setdefault(place.end.topic, {})[partition] = place.again_from
    with translated():
        async with asyncio.timeout(_SECONDS + _MEMBERS_SECONDS):
            for topic, wanted in offsets.items():
                async with open_consumer(brokers, _CLIENT, group_id=topic) as consumer:
                    consumer.assign(list(wanted))
                    await _commit(consumer, topic, wanted)


async def _commit(consumer: Any, topic: str, wanted: Mapping[TopicPartition, int]) -> None:
    deadline = time.monotonic() + _MEMBERS_SECONDS
    while True:
        try:
            await consumer.commit(wanted)
        except CommitFailedError as error:
            if time.monotonic() > deadline:
                raise CliError(
                    f"somebody reads {topic}: stop every service, then do this again. The ledger is told,"
                    " but its commands are not read again"
                ) from error
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS)


async def _places_of(
    brokers: Brokers, partitions: Sequence[TopicPartition], since: datetime | None
) -> list[Place]:
    async with open_consumer(brokers, _CLIENT, group_id=partitions[0].topic) as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        found = await _found_at(consumer, partitions, since)
        return [
            _place(
                End(one.topic, one.partition, ends[one]),
                await consumer.committed(one),
                None if found is None else max(found.get(one, ends[one]), begins[one]),
            )
            for one in partitions
        ]


async def _found_at(
    consumer: Any, partitions: Sequence[TopicPartition], since: datetime | None
) -> Mapping[TopicPartition, int] | None:
    """Give the first records from a margin before *since* on; partitions that have none are left out."""
    if since is None:
        return None
    at_ms = int((since - MARGIN).timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, at_ms))
    return {one: place.offset for one, place in found.items() if place is not None}


def _place(end: End, committed: int | None, found: int | None) -> Place:
    back = found is not None and committed is not None and found < committed
    return Place(end, committed, found if back else None)
