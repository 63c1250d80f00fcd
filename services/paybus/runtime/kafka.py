"""Where the brokers are and how we prove who we are; and the producer that every service uses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity

_BATCH_BYTES = 131_072  # at the default of 16 KiB, thousands of waiting senders wake each other for nothing
_LINGER_MS = 2
_STOP_SECONDS = 5.0  # without brokers aiokafka would wait for them: 40 s, or for ever if idempotent


@dataclass(frozen=True, slots=True)
class Brokers:
    """An address as `host:port`, with commas between; without *security* connections are plain."""

    bootstrap: str
    security: BaseSecurity | None = field(default=None, repr=False)

    def connection(self, client_id: str) -> dict[str, Any]:
        """Give the arguments with which each of aiokafka's clients connects; they hold the password."""
        return {
            "bootstrap_servers": self.bootstrap,
            "client_id": client_id,
            **parse_security(self.security),
        }


@asynccontextmanager
async def open_producer(
    brokers: Brokers, *, client_id: str, idempotent: bool = True
) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer while the block runs; leaving it sends what is buffered, if there are brokers.

    Nothing is acknowledged before all in-sync replicas have it.
    An idempotent one is of no use for a partition after the broker has refused it a batch: the numbers by
    which repeats are told have a gap then. Where repeats do no harm, be not *idempotent*.
    """
    producer = AIOKafkaProducer(
        **brokers.connection(client_id),
        enable_idempotence=idempotent,
        acks="all",
        max_batch_size=_BATCH_BYTES,
        linger_ms=_LINGER_MS,
    )
    try:
        await producer.start()
        yield producer
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await producer.stop()
