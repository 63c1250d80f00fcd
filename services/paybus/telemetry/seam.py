"""Seams: named points between "decided" and "durable", at which a proof kills the process.

In a normal run none is armed, and reaching one is a comparison with None. `PAYBUS_SEAM` arms one for a
process: `name` kills it there the first time, `name:3` the third time. The kill is SIGKILL by ourselves:
no handler, no `finally`, no flush, as when the power goes. `name:3:freeze` stops it there until somebody
lets it go on, as a machine does that is suspended.
"""

import asyncio
from enum import StrEnum, unique
import os
import signal
from typing import Final


@unique
class Seam(StrEnum):
    """The points, in the order in which a command passes them."""

    RECORD_FETCHED = "record_fetched"
    ACCEPT_NOT_COMMITTED = "accept_not_committed"
    ACCEPT_COMMITTED = "accept_committed"
    OFFSET_COMMITTED = "offset_committed"
    START_COMMITTED = "start_committed"
    """A refund or cancel has taken what it needs on its trade, and nothing was sent."""
    REQUEST_NOT_SENT = "request_not_sent"
    REQUEST_SENT = "request_sent"
    """Some milliseconds after a request was begun: the gateway works on it."""
    ANSWER_READ = "answer_read"
    SETTLE_NOT_COMMITTED = "settle_not_committed"
    SETTLE_WRITTEN = "settle_written"
    """An answer is written with its events, committed unless its trade was locked, and nobody knows yet."""
    SETTLE_COMMITTED = "settle_committed"
    INQUIRY_SENT = "inquiry_sent"
    """Some milliseconds after an inquiry was begun."""
    INQUIRY_READ = "inquiry_read"
    INQUIRY_NOT_COMMITTED = "inquiry_not_committed"
    INQUIRY_COMMITTED = "inquiry_committed"
    EVENT_UNACKNOWLEDGED = "event_unacknowledged"
    EVENT_UNMARKED = "event_unmarked"
    CALLBACK_READ = "callback_read"
    CALLBACK_WRITTEN = "callback_written"
    """It is applied to its trade in a transaction that is still open."""
    CALLBACK_STORED = "callback_stored"
    CALLBACK_ANSWERED = "callback_answered"


@unique
class Blow(StrEnum):
    """What a seam does to the process."""

    KILL = "kill"
    FREEZE = "freeze"


_SIGNALS: Final = {Blow.KILL: signal.SIGKILL, Blow.FREEZE: signal.SIGSTOP}
UNDER_WAY_SECONDS: Final = 0.05
"""How long after its beginning a request is under way: a proof's gateway takes longer to answer."""


class _Armed:
    """The one seam at which this process is struck, how often it may still be passed, and how it strikes."""

    seam: Seam | None = None
    passes: int = 0
    blow: Blow = Blow.KILL


def parse(text: str) -> tuple[Seam, int, Blow]:
    """Read `name`, `name:count` or `name:count:freeze`: a seam, at which passing it strikes, and how.

    Raises ValueError for any other text.
    """
    name, _, rest = text.partition(":")
    count, _, blow = rest.partition(":")
    return Seam(name), int(count or 1), Blow(blow or Blow.KILL)


def arm(text: str) -> None:
    """Arm the seam that *text* names, in this process; raises ValueError."""
    _Armed.seam, count, _Armed.blow = parse(text)
    _Armed.passes = count - 1


def reach(seam: Seam) -> None:
    """Say that the process is at *seam*; it is struck here if this one is armed and its turn has come."""
    if _Armed.seam is seam and _turn_has_come():
        _strike()


def reach_under_way(seam: Seam) -> None:
    """Say that a request begins that will be under way at *seam*, whatever the tasks do meanwhile."""
    if _Armed.seam is seam and _turn_has_come():
        asyncio.get_running_loop().call_later(UNDER_WAY_SECONDS, _strike)


def _turn_has_come() -> bool:
    """Count one passing. A process that was frozen passes by from then on."""
    _Armed.passes -= 1
    return _Armed.passes == -1


def _strike() -> None:
    os.kill(os.getpid(), _SIGNALS[_Armed.blow])
