"""Dead letters on their way: kept with everything they had, before their offset may be committed."""

from collections.abc import Sequence
from typing import Any, Protocol

from paybus.contracts.dead_letter import dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.intake.reading import Record


class Producer(Protocol):
    """The part of aiokafka's producer that is used."""

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> Any:
        """Send a record and return when the broker has it."""


class DeadLetters:
    """Sends to one dead-letter topic."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def bury(self, record: Record, error: NotACommandError) -> None:
        """Return when the broker has the letter; raises aiokafka's KafkaError."""
        headers = dead_letter_headers(
            record.headers,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
            error=error,
        )
        await self._producer.send_and_wait(self._topic, record.value, key=record.key, headers=headers)
