"""What a comparison found: an invariant of the promise, what was compared, and every place where it broke."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from paybus.cli.reconciliation.books import Place


@unique
class Invariant(StrEnum):
    """The promises that are held against the evidence."""

    ONE_EFFECT = "I1"
    ONE_ANSWER = "I2"
    TRUE_EVENTS = "I3"
    ORDERED_EVENTS = "I4"
    NO_OVERREFUND = "I5"
    NO_NEEDLESS_CALL = "I6"
    DURABLE_OFFSETS = "I7"
    NOTHING_OPEN = "I8"
    """Held where the faults have stopped: by a proof, not by a run."""


PROMISES = {
    Invariant.ONE_EFFECT: "at most one effect for each charge code and refund number",
    Invariant.ONE_ANSWER: "every command has one final answer, or is visibly open",
    Invariant.TRUE_EVENTS: "no event contradicts the gateway",
    Invariant.ORDERED_EVENTS: "a trade's events are gapless and in order, repeats identical",
    Invariant.NO_OVERREFUND: "refunds never exceed what was paid",
    Invariant.NO_NEEDLESS_CALL: "no second call without a verdict that the first did nothing",
    Invariant.DURABLE_OFFSETS: "no offset is committed before its record is durable",
    Invariant.NOTHING_OPEN: "when the faults have stopped, nothing stays open",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an invariant is broken, in a sentence."""

    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant, what it was judged by, and where it is broken."""

    invariant: Invariant
    compared: str
    violations: tuple[Violation, ...]

    @property
    def held(self) -> bool:
        """Whether it is broken nowhere."""
        return not self.violations


def finding(invariant: Invariant, compared: str, violations: Iterable[Violation]) -> Finding:
    """Close a comparison."""
    return Finding(invariant, compared, tuple(violations))


def at(place: Place, sentence: str) -> Violation:
    """Name a place (merchant/code) where something is wrong."""
    return Violation("/".join(place), sentence)
