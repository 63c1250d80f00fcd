"""The producer every service uses: nothing is acknowledged before all in-sync replicas have it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

_BATCH_BYTES = 131_072  # at the default of 16 KiB, thousands of waiting senders wake each other for nothing
_LINGER_MS = 2


@asynccontextmanager
async def open_producer(bootstrap: str, *, client_id: str) -> AsyncIterator[AIOKafkaProducer]:
    """Give an idempotent producer while the block runs; leaving it sends what is buffered."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        max_batch_size=_BATCH_BYTES,
        linger_ms=_LINGER_MS,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
