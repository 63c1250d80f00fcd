"""Dead letters: the original record, and headers that say where it came from and why it is here.

The header names are Spring Kafka's, as text, so that its tools and habits work. Ours stand last, so they
can be told from headers of the same names that the record had before: of another one's dead letters, or of
an earlier death.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import re
from typing import Final, Self

import msgspec
from msgspec import Struct, field

from paybus.contracts.errors import NotACommandError

Headers = Sequence[tuple[str, bytes | None]]

REPLAYS: Final = "paybus-replays"
"""The last header of a record that was sent again: how often by then, in decimal digits."""

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_COUNT = re.compile(rb"[1-9][0-9]{0,8}")


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


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Which record a dead letter was.

    Its own time belongs to it: a topic that was made anew counts its offsets from 0 again.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    @classmethod
    def read(cls, added: DeadLetterHeaders) -> Self | None:
        """Give the place that the headers tell; None if they tell none."""
        numbers = (added.partition, added.offset, added.timestamp)
        if not all(map(_NUMBER.fullmatch, numbers)):
            return None
        return cls(added.topic, *map(int, numbers))


@dataclass(frozen=True, slots=True)
class Exhumed:
    """The headers of a dead letter, taken apart again."""

    original: tuple[tuple[str, bytes | None], ...]
    """Those that the order service gave."""
    replays: int
    """How often it had been sent again before it died."""
    added: DeadLetterHeaders
    """Those of its latest death."""


def exhume(headers: Headers) -> Exhumed | None:
    """Undo `dead_letter_headers` and `replay_headers`; None if *headers* are not those of a dead letter."""
    names = [field.encode_name for field in msgspec.structs.fields(DeadLetterHeaders)]
    original, ours = list(headers[: -len(names)]), headers[-len(names) :]
    if [name for name, _ in ours] != names:
        return None
    texts = {name: (text or b"").decode("utf-8", "replace") for name, text in ours}
    replays = _replays(original)
    if replays:
        original.pop()
    return Exhumed(tuple(original), replays, msgspec.convert(texts, DeadLetterHeaders))


def replay_headers(original: Headers, *, replays: int) -> list[tuple[str, bytes | None]]:
    """Give the headers with which a record is sent for the *replays*-th time again."""
    return [*original, (REPLAYS, str(replays).encode())]


def _replays(headers: Headers) -> int:
    name, count = headers[-1] if headers else ("", None)
    return int(count) if name == REPLAYS and count and _COUNT.fullmatch(count) else 0
