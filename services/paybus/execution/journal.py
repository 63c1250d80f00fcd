"""The audit trail: one record for each request to the gateway. It never holds up a payment.

aiokafka's `send` waits for a topic's metadata and for room in its buffer, up to 40 s each, and then raises.
So records are left here, at once, and a task of its own hands them to the producer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Protocol

from aiokafka.errors import KafkaError
import structlog

from paybus.contracts.call import GatewayCall, call_headers, encode_call

MAX_UNSENT: Final = 20_000
"""Records of 300 bytes that may wait for the broker: 6 MB. Beyond, records are dropped and counted."""

LAST_SECONDS: Final = 3.0
"""How long the end waits for the broker to take what is left: it is there, or it is not."""

_LOG_EVERY = 1_000  # a broker that is away must not fill the log as well

_log = structlog.get_logger(__name__)


class Producer(Protocol):
    """The part of aiokafka's producer that is used."""

    async def send(
        self, topic: str, value: bytes, *, key: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Put a record into the producer's buffer and give the future of its delivery."""


class Journal:
    """Writes to the calls topic, as long as somebody runs `write_out`."""

    def __init__(self, producer: Producer, topic: str, *, most: int = MAX_UNSENT) -> None:
        self._producer = producer
        self._topic = topic
        self._most = most
        self._records: deque[tuple[bytes, bytes, str | None]] = deque()
        self._unsent = 0  # here, and in the producer's buffer
        self._written = asyncio.Event()
        self.dropped = 0

    def write(self, call: GatewayCall, traceparent: str | None = None) -> None:
        """Leave the record of a call at that place in a trace to be sent, or drop it; never fails."""
        if self._unsent >= self._most:
            self._drop("too many wait")
            return
        self._unsent += 1
        self._records.append((call.charge_code.encode(), encode_call(call), traceparent))
        self._written.set()

    async def write_out(self) -> None:
        """Hand records to the producer, for ever."""
        while True:
            await self._written.wait()
            self._written.clear()
            await self.write_rest()

    async def write_rest(self) -> None:
        """Hand the records that are here to the producer; being cancelled loses none of them."""
        while self._records:
            key, value, traceparent = self._records[0]
            headers = call_headers(traceparent)
            try:
                delivery = await self._producer.send(self._topic, value, key=key, headers=headers)
            except KafkaError as error:
                self._lose(type(error).__name__)
            else:
                delivery.add_done_callback(self._delivered)
            self._records.popleft()

    def _delivered(self, delivery: Any) -> None:
        if delivery.cancelled():
            self._lose("cancelled")
        elif error := delivery.exception():
            self._lose(type(error).__name__)
        else:
            self._unsent -= 1

    def _lose(self, reason: str) -> None:
        self._unsent -= 1
        self._drop(reason)

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        if self.dropped % _LOG_EVERY == 1:
            _log.warning("journal.record_dropped", reason=reason, dropped=self.dropped)


@asynccontextmanager
async def open_journal(producer: Producer, topic: str) -> AsyncIterator[Journal]:
    """Write to *topic* while the block runs; the producer must be open for longer."""
    journal = Journal(producer, topic)
    writing = asyncio.create_task(journal.write_out(), name="journal")
    try:
        yield journal
    finally:
        writing.cancel()
        await asyncio.wait({writing})
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await journal.write_rest()
