"""The log of what was not answered with SUCCESS: anybody can cause a line, so their number is limited."""

import time
from typing import Final

import structlog

LINES_PER_SECOND: Final = 10
"""Enough to see who and why; the metrics count all of them."""

_LONGEST_NAME: Final = 32  # of a merchant; what stands there instead can be anything

_log = structlog.get_logger(__name__)


class RefusalLog:
    """Writes LINES_PER_SECOND at most; the next line says how many were left out."""

    def __init__(self) -> None:
        self._second = 0
        self._written = 0
        self._left_out = 0

    def note(self, event: str, *, merchant_id: str, remote: str | None, reason: str | None = None) -> None:
        """Note *event*: at which merchant's address, from where, and why."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written == LINES_PER_SECOND:
            self._left_out += 1
            return
        _log.warning(
            event,
            merchant_id=merchant_id[:_LONGEST_NAME],
            remote=remote,
            reason=reason,
            left_out=self._left_out,
        )
        self._written += 1
        self._left_out = 0
