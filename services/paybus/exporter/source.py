"""Something that is read again and again: an outage is told and waited out, and the last figures stand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from aiokafka.errors import KafkaError
from prometheus_client import Gauge
import structlog

from paybus.ledger.errors import LedgerError

OUTAGES = (LedgerError, KafkaError, OSError, TimeoutError, UnicodeDecodeError)
"""What says that a source is away, or gives what is of no use (to aiokafka: a header whose name is no text).

Anything else is a defect of ours.
"""

_log = structlog.get_logger(__name__)


class NotReadYetError(Exception):
    """It has not been read since the start: its figures are still the 0 with which every series begins."""


class Source:
    """One source of figures; *read_at* shows when it was last read."""

    def __init__(self, name: str, read_at: Gauge, *, every_seconds: float) -> None:
        self.name = name
        self.every_seconds = every_seconds
        self._read_at = read_at
        self._was_read = False
        self._outage: str | None = None

    def note_read(self) -> None:
        """Say that all of it was read just now."""
        self._read_at.set_to_current_time()
        self._was_read = True
        if self._outage is not None:
            self._outage = None
            _log.info("exporter.source_is_back", source=self.name)

    async def was_read(self) -> None:
        """Raise NotReadYetError until it has been read once: a check for `/ready`.

        Not during a later outage: then the figures are wanted more than ever, and say how old they are.
        """
        if not self._was_read:
            raise NotReadYetError

    async def keep_reading(self, read_on: Callable[[], Awaitable[NoReturn]]) -> NoReturn:
        """Begin *read_on* anew, after a pause, whenever an outage ended it."""
        while True:
            try:
                await read_on()
            except OUTAGES as error:
                self._note_outage(type(error).__name__)
            await asyncio.sleep(self.every_seconds)

    def _note_outage(self, error: str) -> None:
        if error != self._outage:  # once, not every few seconds for hours
            self._outage = error
            _log.warning("exporter.source_is_away", source=self.name, error=error)
