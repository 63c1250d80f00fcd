"""A business day: the gateway's days begin at midnight in China."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from paybus.gateway.china_time import CHINA_TIME

MARGIN: Final = timedelta(hours=1)
"""Around a day: an order that was asked for before midnight may have reached the gateway after it."""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """One day in China time."""

    date: date

    @property
    def begin(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.date, time(), CHINA_TIME)

    @property
    def end(self) -> datetime:
        """The first moment of the next day."""
        return self.begin + timedelta(days=1)

    def has(self, moment: datetime | None) -> bool:
        """Say whether *moment* is in it; what has no readable time is taken for it."""
        return moment is None or self.begin <= moment < self.end


def days_to_compare(now: datetime, *, hour: int, most: int) -> list[BusinessDay]:
    """Give the last *most* days that are over at *now*, the latest first.

    A day counts as over at *hour* of the next one: until then the gateway may still be working on it.
    """
    today = (now.astimezone(CHINA_TIME) - timedelta(hours=hour)).date()
    return [BusinessDay(today - timedelta(days=back)) for back in range(1, most + 1)]
