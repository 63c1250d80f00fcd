"""The audit trail: one record for each request to the gateway. It never holds up a payment."""

from typing import Any, Protocol

import structlog

from paybus.contracts.call import GatewayCall, encode_call

MAX_UNSENT = 20_000
"""Records of 300 bytes that may wait for the broker: 6 MB. Beyond, records are dropped and counted."""

_LOG_EVERY = 1_000  # a broker that is away must not fill the log as well

_log = structlog.get_logger(__name__)


class Producer(Protocol):
    """The part of aiokafka's producer that is used."""

    async def send(self, topic: str, value: bytes, *, key: bytes) -> Any:
        """Put a record into the producer's buffer and give the future of its delivery."""


class Journal:
    """Writes to the calls topic."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._unsent = 0
        self.dropped = 0

    async def write(self, call: GatewayCall) -> None:
        """Hand one record to the producer, or drop it if too many wait."""
        if self._unsent >= MAX_UNSENT:
            self._drop("too many wait")
            return
        self._unsent += 1
        delivery = await self._producer.send(self._topic, encode_call(call), key=call.charge_code.encode())
        delivery.add_done_callback(self._delivered)

    def _delivered(self, delivery: Any) -> None:
        self._unsent -= 1
        if delivery.cancelled():
            self._drop("cancelled")
        elif error := delivery.exception():
            self._drop(type(error).__name__)

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        if self.dropped % _LOG_EVERY == 1:
            _log.warning("journal.record_dropped", reason=reason, dropped=self.dropped)
