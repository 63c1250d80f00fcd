"""Seams: named points between "decided" and "durable", at which a proof kills the process.

In a normal run none is armed, and reaching one is a comparison with None. `PAYBUS_SEAM` arms one for a
process: `name` kills it there the first time, `name:3` the third time. The kill is SIGKILL by ourselves:
no handler, no `finally`, no flush, as when the power goes.
"""

import asyncio
from enum import StrEnum, unique
import os
import signal


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
    INQUIRY_READ = "inquiry_read"
    SETTLE_NOT_COMMITTED = "settle_not_committed"
    SETTLE_COMMITTED = "settle_committed"
    EVENT_UNACKNOWLEDGED = "event_unacknowledged"
    EVENT_UNMARKED = "event_unmarked"
    CALLBACK_READ = "callback_read"
    CALLBACK_STORED = "callback_stored"
    CALLBACK_ANSWERED = "callback_answered"


class _Armed:
    """The one seam at which this process is to die, and how often it may still be passed."""

    seam: Seam | None = None
    passes: int = 0


def parse(text: str) -> tuple[Seam, int]:
    """Read `name` or `name:count` as a seam and how often it is reached before it strikes.

    Raises ValueError for any other text.
    """
    name, _, count = text.partition(":")
    return Seam(name), int(count or 1)


def arm(text: str) -> None:
    """Arm the seam that *text* names, in this process; raises ValueError."""
    _Armed.seam, count = parse(text)
    _Armed.passes = count - 1


def reach(seam: Seam) -> None:
    """Say that the process is at *seam*; it ends here if this one is armed and its turn has come."""
    if _Armed.seam is seam and _strikes():
        _end()


def reach_soon(seam: Seam, *, seconds: float) -> None:
    """Say that the process will be at *seam* in *seconds*, whatever its tasks do meanwhile."""
    if _Armed.seam is seam and _strikes():
        asyncio.get_running_loop().call_later(seconds, _end)


def _strikes() -> bool:
    _Armed.passes -= 1
    return _Armed.passes < 0


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
