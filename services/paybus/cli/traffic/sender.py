"""Puts messages on the command topics, and keeps which record each became."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from paybus.cli.reconciliation.evidence import Sent
from paybus.cli.traffic.message import Message
from paybus.contracts.topics import Topics

_CHUNK: Final = 100
"""Messages on their way at once; events are heard between chunks."""


class Sender:
    """The order services' producer; `sent` grows in the order in which records were acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics) -> None:
        self._producer = producer
        self._topics = topics
        self.sent: list[Sent] = []

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when the broker has all of them; raises aiokafka's KafkaError."""
        for start in range(0, len(messages), _CHUNK):
            chunk = messages[start : start + _CHUNK]
            deliveries = [await self._begin(message) for message in chunk]
            for message, metadata in zip(chunk, await asyncio.gather(*deliveries), strict=True):
                position = (metadata.topic, metadata.partition, metadata.offset)
                self.sent.append(Sent(kind=message.kind, position=position, value=message.value))

    async def _begin(self, message: Message) -> Any:
        return await self._producer.send(
            self._topics.commands(message.kind),
            message.value,
            key=message.charge_code.encode(),
            headers=[("ce_time", datetime.now(UTC).isoformat().encode()), *message.headers],
        )
