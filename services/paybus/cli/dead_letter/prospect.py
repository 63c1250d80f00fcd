"""What would become of a letter that is sent again: decided before anything is sent, without any I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Final

import msgspec

from paybus.cli.dead_letter.letter import Letter, Place
from paybus.contracts.errors import NotACommandError
from paybus.contracts.event import Announcement, CommandRejected
from paybus.intake.dead_letter import CUT
from paybus.intake.reading import Reader
from paybus.ledger.accepted import Acceptance
from paybus.ledger.replay import Standing

MOST_REPLAYS: Final = 3
"""What died three times after somebody had looked at it will not live: the order service must ask anew."""

Today = Acceptance | Announcement | NotACommandError
"""What the reader makes of a record now: a command, a rejected one, or a dead letter."""


@unique
class Refusal(StrEnum):
    """Why a letter is not sent again."""

    FOREIGN = "foreign"
    CUT = "cut"
    UNREADABLE = "unreadable"
    NO_PLACE = "no_place"
    TWIN = "twin"
    TOO_OFTEN = "too_often"
    BEFORE = "before"
    CONFLICT = "key_conflict"
    MEANWHILE = "meanwhile"
    """Somebody else did it between our look and our turn."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to be expected, in a sentence; with a refusal it is not sent."""

    sentence: str
    refusal: Refusal | None = None
    expired: bool = False
    """Whether its own time is what keeps it from being carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What must be looked up before it can be said what would become of a letter."""

    command_topic: str
    """Where the letters of this topic come from."""
    partitions: Collection[int]
    """Those that the command topic has now."""
    replays: int = 0
    """How often the record was sent again, its ancestors included."""
    chosen_twin: Place | None = None
    """Another letter of the same record, already chosen."""
    standing: Standing | None = None
    """What the ledger has under the command's key."""
    again: bool = False
    """Whether it may be sent although it was sent again before."""


def read_today(letter: Letter, readers: Mapping[str, Reader]) -> Today | None:
    """Have the original read by the reader of its topic; None if it is nobody's."""
    original = letter.original
    reader = readers.get(original.topic) if original else None
    if original is None or reader is None:
        return None
    try:
        return reader.read(original)
    except NotACommandError as error:
        return error


def foresee(letter: Letter, today: Today | None, *, known: Known, now: datetime) -> Prospect:
    """Say what would become of *letter*, and whether it may be sent again."""
    refused = _refuse_letter(letter, today, known) or _refuse_repeat(known)
    if refused is not None:
        return refused
    assert today is not None, "what nobody reads was refused"
    assert not isinstance(today, NotACommandError), "what is no command was refused"
    if isinstance(today, Announcement):
        return _rejected(today)
    return _accepted(today, known.standing, now)


def _refuse_letter(letter: Letter, today: Today | None, known: Known) -> Prospect | None:
    origin = letter.origin
    if origin is None:
        return Prospect("nothing in its headers says which record it was", Refusal.FOREIGN)
    if today is None or origin.topic != known.command_topic:
        sentence = f"it says that it came from {origin.topic}, and letters of {known.command_topic} lie here"
        return Prospect(sentence, Refusal.FOREIGN)
    if CUT in letter.message:
        return Prospect("only a part of the record was kept, which is not the record", Refusal.CUT)
    if isinstance(today, NotACommandError):
        return Prospect(f"it would only come back: {today.message} ({today.reason})", Refusal.UNREADABLE)
    if origin.partition not in known.partitions:
        return Prospect(f"{origin.topic} has no partition {origin.partition} now", Refusal.NO_PLACE)
    return None


def _refuse_repeat(known: Known) -> Prospect | None:
    if known.chosen_twin is not None:
        return Prospect(f"it is the same record as {known.chosen_twin}, once is enough", Refusal.TWIN)
    if known.replays >= MOST_REPLAYS:
        sentence = f"it was sent again {known.replays} times, and {MOST_REPLAYS} is the most"
        return Prospect(sentence, Refusal.TOO_OFTEN)
    if known.replays and not known.again:
        sentence = f"it was sent again before ({known.replays}); look what became of it, then use --again"
        return Prospect(sentence, Refusal.BEFORE)
    return None


def _rejected(today: Announcement) -> Prospect:
    event = msgspec.json.decode(today.value, type=CommandRejected)
    return Prospect(f"will be answered with command.rejected ({event.reason}): {event.message}")


def _accepted(today: Acceptance, standing: Standing | None, now: datetime) -> Prospect:
    operation = today.operation
    name = f"{operation.kind} {operation.key} of merchant {operation.merchant_id}"
    if standing is not None:
        return _repeated(name, today, standing)
    if today.expires_at is not None and today.expires_at <= now:
        since = today.expires_at.isoformat(timespec="seconds")
        sentence = f"{name} will be answered as expired (since {since}) and uses its key up"
        return Prospect(sentence, expired=True)
    return Prospect(f"{name} will be carried out")


def _repeated(name: str, today: Acceptance, standing: Standing) -> Prospect:
    if standing.fingerprint != today.fingerprint:
        sentence = f"{name} was accepted with another content, which stands: ask under a new key"
        return Prospect(sentence, Refusal.CONFLICT)
    if standing.answer_id is None:
        return Prospect(f"harmless: {name} is accepted already and will be answered anyway")
    return Prospect(
        f"harmless: {name} is answered already; nothing is done, {standing.answer_id} is told again"
    )
