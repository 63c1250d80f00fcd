"""Which letters are meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paybus.cli.dead_letter.letter import Letter, Place
from paybus.cli.errors import CliError
from paybus.contracts.refusal import DEAD_LETTERS
from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind

MOST_AT_ONCE: Final = 100
"""As many as a person can look through in a preview; more than that are meant only when it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Letters by their places, or all with one reason; *every* if they may be more than MOST_AT_ONCE."""

    places: tuple[Place, ...] = ()
    reason: str | None = None
    every: bool = False

    def check(self) -> None:
        """Raise CliError unless it is one of both."""
        check_reason(self.reason)
        if bool(self.places) == (self.reason is not None):
            raise CliError("say which letters: either their places, or a --reason")

    def of(self, letters: Sequence[Letter]) -> list[Letter]:
        """Give those of *letters* that are meant; raises CliError."""
        if self.places:
            return at_places(letters, self.places)
        chosen = with_reason(letters, self.reason)
        if len(chosen) > MOST_AT_ONCE and not self.every:
            raise CliError(f"{len(chosen)} letters have the reason {self.reason}: say --all if all are meant")
        return chosen


def kinds_of(text: str | None, topics: Topics) -> tuple[Kind, ...]:
    """Give the kinds of which *text* names a topic: `pay`, its commands or its letters; all without one."""
    if text is None:
        return tuple(Kind)
    named = [kind for kind in Kind if text in {kind.value, topics.commands(kind), topics.dead_letters(kind)}]
    if not named:
        raise CliError(f"{text!r} is no topic with dead letters: write pay, refund or cancel")
    return tuple(named)


def check_reason(reason: str | None) -> None:
    """Raise CliError for a reason that no letter has."""
    if reason is not None and reason not in DEAD_LETTERS:
        raise CliError(f"{reason!r} is no reason of a dead letter: write {', '.join(DEAD_LETTERS)}")


def with_reason(letters: Sequence[Letter], reason: str | None) -> list[Letter]:
    """Give the letters with *reason* (all without one), those of a partition in the order of its records."""
    chosen = [letter for letter in letters if reason in {None, letter.reason}]
    return sorted(chosen, key=_order)


def at_places(letters: Sequence[Letter], places: Sequence[Place]) -> list[Letter]:
    """Give the letters at *places*, each once; raises CliError if there is none."""
    by_place = {letter.place: letter for letter in letters}
    for place in places:
        if place not in by_place:
            raise CliError(f"{place}: there is no letter; `list` shows those that there are")
    return [by_place[place] for place in dict.fromkeys(places)]


def _order(letter: Letter) -> tuple[str, int, int, Place]:
    at = letter.origin
    return (at.topic, at.partition, at.offset, letter.place) if at else ("", 0, 0, letter.place)
