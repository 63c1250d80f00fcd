"""Dead letters on their way: kept with everything they had, before their offset may be committed."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from aiokafka.errors import MessageSizeTooLargeError

from paybus.contracts.dead_letter import Headers, dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.intake.reading import Record

KEPT_BYTES: Final = 64 * 1024
"""Of the key and of the value of a record that our headers make too large for the topic: the size of the
largest command. The whole of it is where it came from."""

CUT: Final = f"too large to be kept whole, so here are {KEPT_BYTES} bytes of it at most, and no headers"
"""How the message of such a letter ends: what is kept is not the record."""


class Producer(Protocol):
    """The part of aiokafka's producer that is used; one that is not idempotent.

    A record that the broker refuses would leave a gap in an idempotent one's numbers: its partition would
    take nothing from it any more.
    """

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
        try:
            await self._send(record.value, record.key, _headers(record, record.headers, error))
        except MessageSizeTooLargeError:
            await self._bury_cut(record, error)

    async def _bury_cut(self, record: Record, error: NotACommandError) -> None:
        headers = _headers(record, (), NotACommandError(error.reason, f"{error.message}; {CUT}"))
        value, key = (part and part[:KEPT_BYTES] for part in (record.value, record.key))
        await self._send(value, key, headers)

    async def _send(self, value: bytes | None, key: bytes | None, headers: Headers) -> None:
        # aiokafka refuses a record that has neither: of the two, an empty key says less than an empty value.
        if value is None and key is None:
            key = b""
        await self._producer.send_and_wait(self._topic, value, key=key, headers=headers)


def _headers(record: Record, original: Headers, error: NotACommandError) -> Headers:
    return dead_letter_headers(
        original,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        error=error,
    )
