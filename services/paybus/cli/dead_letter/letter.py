"""A dead letter as it lies on its topic, and the record that it was."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from paybus.cli.errors import CliError
from paybus.contracts.dead_letter import Headers, Origin, exhume
from paybus.intake.reading import Record


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record is; as text `topic-partition-offset`, which is a letter's number."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the number of a letter; raises CliError."""
        topic, *numbers = text.rsplit("-", 2)
        if len(numbers) != 2 or not topic or not all(one.isascii() and one.isdigit() for one in numbers):
            raise CliError(f"{text!r} is no place of a letter: write topic-partition-offset, as `list` does")
        return cls(topic, int(numbers[0]), int(numbers[1]))

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.offset}"


@dataclass(slots=True)
class OriginalRecord:
    """What the order service sent, byte for byte, where and when it did: a Record, for the reader."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter; what its headers do not tell is None."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Headers
    """All of them, as they stand on the letter."""
    origin: Origin | None
    original_headers: Headers
    """Those of the record that it was."""
    replays: int
    """How often that record had been sent again before it died."""
    reason: str
    message: str
    dead_since: datetime | None

    @classmethod
    def read(cls, record: Record) -> Self:
        """Read a record of a dead-letter topic, whatever it is."""
        found = exhume(record.headers)
        added = found.added if found else None
        return cls(
            place=Place(record.topic, record.partition, record.offset),
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
            origin=Origin.read(added) if added else None,
            original_headers=found.original if found else (),
            replays=found.replays if found else 0,
            reason=added.reason if added else "",
            message=added.message if added else "",
            dead_since=_moment(added.dead_since) if added else None,
        )

    @property
    def original(self) -> OriginalRecord | None:
        """The record that it was; None if the letter does not tell which."""
        if self.origin is None:
            return None
        at = self.origin
        return OriginalRecord(
            at.topic, at.partition, at.offset, at.timestamp_ms, self.key, self.value, self.original_headers
        )


def twins(letters: Iterable[Letter]) -> dict[Place, tuple[Place, ...]]:
    """Give for each letter the others that are the same record.

    They come to be when a service buries a record and dies before it has committed that.
    """
    by_origin: defaultdict[Origin, list[Place]] = defaultdict(list)
    for letter in letters:
        if letter.origin is not None:
            by_origin[letter.origin].append(letter.place)
    return {
        place: tuple(other for other in places if other != place)
        for places in by_origin.values()
        for place in places
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
