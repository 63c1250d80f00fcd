"""The simulated command topics: partitions, a group that is divided anew, offsets that may be too late."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from tests.simulation.loop import PROCESS

PARTITIONS = 2
SESSION_SECONDS = 6.0
"""So long after its last sign of life a member is thought dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRecord:
    """A record as a consumer has it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass
class Topic:
    """One command topic and its one group."""

    name: str
    on_commit: Callable[[SimulatedRecord], None]
    """Called with each record that a commit passes."""
    logs: list[list[SimulatedRecord]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    committed: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    members: list["SimulatedConsumer"] = field(default_factory=list)
    generation: int = 0

    def append(self, key: bytes, value: bytes | None, timestamp: int) -> SimulatedRecord:
        """Take a record; those of one key go to one partition."""
        partition = sum(key) % PARTITIONS
        record = SimulatedRecord(
            topic=self.name, partition=partition, offset=len(self.logs[partition]), timestamp=timestamp,
            key=key, value=value,
        )  # fmt: skip
        self.logs[partition].append(record)
        self.wake()
        return record

    def divide(self, *, turned: bool = False) -> None:
        """Divide the partitions among the members anew; they learn of it when they next look."""
        self.generation += 1
        if turned:
            self.members = self.members[1:] + self.members[:1]
        self.wake()

    def join(self, consumer: "SimulatedConsumer") -> None:
        """Let a member in."""
        self.members.append(consumer)
        self.divide()

    def leave(self, consumer: "SimulatedConsumer") -> None:
        """Let a member go, or throw it out."""
        if consumer in self.members:
            self.members.remove(consumer)
            consumer.news.set()  # if it still lives, it will notice
            self.divide()

    def wake(self) -> None:
        """Have every member look."""
        for member in self.members:
            member.news.set()

    @property
    def consumed(self) -> bool:
        """Whether everything is committed."""
        return self.committed == [len(log) for log in self.logs]


class SimulatedConsumer:
    """One member of the group: the part of aiokafka's consumer that is used."""

    def __init__(self, topic: Topic) -> None:
        self.news = asyncio.Event()
        self.process = PROCESS.get()
        self._topic = topic
        self._generation = -1
        self._positions: dict[int, int] = {}

    async def poll(self, most: int) -> list[SimulatedRecord]:
        """Wait for records, and give them."""
        while True:
            self.news.clear()
            self._learn()
            records: list[SimulatedRecord] = []
            for partition, position in self._positions.items():
                found = self._topic.logs[partition][position : position + most]
                self._positions[partition] = position + len(found)
                records += found
            if records:
                return records
            await self.news.wait()

    def assignment(self) -> set[TopicPartition]:
        """Give the partitions it believes to have."""
        return {TopicPartition(self._topic.name, partition) for partition in self._positions}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, if the group has not been divided since; raises CommitFailedError."""
        await asyncio.sleep(0)
        if self._generation != self._topic.generation:
            raise CommitFailedError
        for one, offset in offsets.items():
            log, before = self._topic.logs[one.partition], self._topic.committed[one.partition]
            for record in log[before:offset]:
                self._topic.on_commit(record)
            self._topic.committed[one.partition] = offset

    def _learn(self) -> None:
        topic = self._topic
        if self._generation == topic.generation:
            return
        if self not in topic.members:  # it was thought dead
            topic.join(self)
        self._generation = topic.generation
        place, members = topic.members.index(self), len(topic.members)
        mine = [partition for partition in range(PARTITIONS) if partition % members == place]
        self._positions = {partition: topic.committed[partition] for partition in mine}
