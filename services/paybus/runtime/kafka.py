"""The producer every service uses: nothing is acknowledged before all in-sync replicas have it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaProducer

_BATCH_BYTES = 131_072  # at the default of 16 KiB, thousands of waiting senders wake each other for nothing
_LINGER_MS = 2
_STOP_SECONDS = 5.0  # without brokers aiokafka would wait for them: 40 s, or for ever if idempotent


@asynccontextmanager
async def open_producer(
    bootstrap: str, *, client_id: str, idempotent: bool = True
) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer while the block runs; leaving it sends what is buffered, if there are brokers.

    An idempotent one is of no use for a partition after the broker has refused it a batch: the numbers by
    which repeats are told have a gap then. Where repeats do no harm, be not *idempotent*.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
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
