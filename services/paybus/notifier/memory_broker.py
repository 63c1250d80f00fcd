"""A broker in this process, for tests and for a look at what would be published: one log, no partitions.

It can be told to take no more: then it is as if every in-sync replica but the first had gone. What was taken
before that moment stays.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaConnectionError, NotEnoughReplicasError

from paybus.notifier.publication import Producer


@dataclass(frozen=True, slots=True)
class Record:
    """What a consumer would read."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass
class MemoryBroker:
    """Takes records until `room` is used up; without, it cannot even be connected to."""

    log: list[Record] = field(default_factory=list)
    room: float = float("inf")
    """How many more records are taken."""
    refusing: int = 0
    """How many of the next records are refused, though those behind them are taken: a batch that failed."""
    silent: bool = False
    """Nothing is answered: neither acknowledged nor refused."""
    handed_over: int = 0
    """How many records producers were given, whatever became of them."""

    @asynccontextmanager
    async def open_producer(self) -> AsyncIterator[Producer]:
        """Give a producer; raises KafkaConnectionError."""
        if self.room <= 0:
            raise KafkaConnectionError("the broker in memory takes nothing")
        yield _MemoryProducer(self)


class _MemoryProducer:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def send(
        self, topic: str, value: bytes, key: bytes, *, headers: Sequence[tuple[str, bytes]]
    ) -> Awaitable[Any]:
        """Take a record, or refuse it like Kafka does: later, by what was given."""
        broker = self._broker
        broker.handed_over += 1
        answer = asyncio.get_running_loop().create_future()
        if broker.silent:
            return answer
        if broker.refusing or broker.room <= 0:
            broker.refusing = max(broker.refusing - 1, 0)
            answer.set_exception(NotEnoughReplicasError())
            return answer
        broker.room -= 1
        broker.log.append(Record(topic, key, value, tuple(headers)))
        answer.set_result(len(broker.log) - 1)
        return answer

    async def flush(self) -> None:
        """Wait as long as nothing is answered."""
        while self._broker.silent:  # noqa: ASYNC110 -- whoever owns the broker just changes it
            await asyncio.sleep(0.01)
