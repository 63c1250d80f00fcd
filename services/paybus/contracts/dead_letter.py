"""Dead letters: the original record, and headers that say where it came from and why it is here.

The header names are Spring Kafka's, as text, so that its tools and habits work.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field

from paybus.contracts.errors import NotACommandError

Headers = Sequence[tuple[str, bytes | None]]


class DeadLetterHeaders(Struct, frozen=True, kw_only=True):
    """What we add to the original record's headers; every value is text in UTF-8."""

    topic: str = field(name="kafka_dlt-original-topic")
    """Where the record came from."""
    partition: str = field(name="kafka_dlt-original-partition")
    """A whole number, in decimal digits."""
    offset: str = field(name="kafka_dlt-original-offset")
    """A whole number, in decimal digits."""
    timestamp: str = field(name="kafka_dlt-original-timestamp")
    """The record's own timestamp: Unix time in milliseconds, in decimal digits."""
    error: str = field(name="kafka_dlt-exception-fqcn")
    """The name of our error."""
    message: str = field(name="kafka_dlt-exception-message")
    """What is wrong, in a sentence for people."""
    reason: str = field(name="paybus-reason")
    """What is wrong, as a slug for programs."""
    dead_since: str = field(name="paybus-dead-since")
    """When we gave the record up (RFC 3339, UTC)."""


def dead_letter_headers(
    original: Headers, *, topic: str, partition: int, offset: int, timestamp_ms: int, error: NotACommandError
) -> list[tuple[str, bytes | None]]:
    """Give the headers of a dead letter: all the original ones unchanged, then ours."""
    added = DeadLetterHeaders(
        topic=topic,
        partition=str(partition),
        offset=str(offset),
        timestamp=str(timestamp_ms),
        error=type(error).__name__,
        message=error.message,
        reason=error.reason,
        dead_since=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    texts: dict[str, str] = msgspec.to_builtins(added)
    return [*original, *((name, text.encode()) for name, text in texts.items())]
