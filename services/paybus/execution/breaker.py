"""When to leave the gateway alone: one breaker for one sort of traffic to one gateway.

    closed ──so many failures, one after the other──▶ open ──pause over──▶ half open: one probe
       ▲                                                ▲                       │ failure: a longer pause
       └────────────────── an answer ───────────────────┴───────────────────────┘

Nothing here waits or sends: it says whether something may be sent now, and is told what came of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, unique
from typing import Final

_GROWTH: Final = 2.0
_EVENLY: Final = 0.5  # a pause is cut by up to a half, so that processes that broke together probe apart


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """How many failures in a row open a breaker, and for how long it stays open."""

    failures: int = 10
    """Single requests do get lost; ten in a row with no answer between them are the gateway itself."""
    first_pause_seconds: float = 1.0
    """A gateway that is only restarting is back at once for the customer at the till."""
    longest_pause_seconds: float = 30.0
    """Well under the 80 s for which a scanned code is good; two probes a minute are no burden to anybody."""
    probe_seconds: float = 5.0
    """Above the time for connecting: a probe that takes longer may wait for a customer; the next may go."""


@unique
class Heard(Enum):
    """What came of a request."""

    ANSWER = "answer"
    FAILURE = "failure"
    """No connection, or no answer that we could read."""
    NOTHING = "nothing"
    """It never left us: that tells nothing of the gateway."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The leave for one request; a probe is one that was made although the breaker is open."""

    probe: bool


class Breaker:
    """*clock* gives seconds, *draw* numbers from 0 to 1."""

    def __init__(self, rules: BreakerRules, *, clock: Callable[[], float], draw: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._draw = draw
        self._failures = 0
        self._pause_seconds = 0.0  # 0 while closed
        self._until = 0.0  # when the next probe may go

    @property
    def is_open(self) -> bool:
        """Whether there was no answer since it opened."""
        return self._pause_seconds > 0

    @property
    def pause_seconds(self) -> float:
        """How long a pause is now, at most; 0 while closed."""
        return self._pause_seconds

    @property
    def over_seconds(self) -> float:
        """For how long a probe may have gone and did not; negative while none may."""
        return self._clock() - self._until if self.is_open else float("inf")

    def rest_seconds(self) -> float:
        """Say how long to stay away: not at all (0), or a time of one's own, so that all come back apart."""
        over_seconds = self.over_seconds
        return 0.0 if over_seconds >= 0 else self._draw() * self._pause_seconds - over_seconds

    def enter(self) -> Ticket:
        """Begin a request: the first one after a pause is the probe."""
        if self.is_open and self.over_seconds >= 0:
            self._until = self._clock() + self._rules.probe_seconds
        return Ticket(probe=self.is_open)

    def leave(self, ticket: Ticket, heard: Heard) -> bool:
        """End a request; say whether that opened or closed the breaker."""
        was_open = self.is_open
        match heard:
            case Heard.ANSWER:
                self._failures, self._pause_seconds = 0, 0.0
            case Heard.FAILURE:
                self._fail(ticket)
            case Heard.NOTHING if ticket.probe:
                self._until = self._clock()
        return was_open is not self.is_open

    def _fail(self, ticket: Ticket) -> None:
        rules = self._rules
        self._failures += 1
        if not self.is_open and self._failures >= rules.failures:
            self._rest(rules.first_pause_seconds)
        elif self.is_open and ticket.probe:  # the others were on their way before, and say nothing new
            self._rest(min(self._pause_seconds * _GROWTH, rules.longest_pause_seconds))

    def _rest(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds
        self._until = self._clock() + pause_seconds * (1 - _EVENLY * self._draw())
