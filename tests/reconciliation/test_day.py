"""Business days: they begin at midnight in China, and are over some hours into the next."""

from datetime import UTC, date, datetime, timedelta

import pytest

from paybus.reconciliation.day import BusinessDay, days_to_compare

DAY = BusinessDay(date(2026, 1, 31))


def test_a_day_begins_at_midnight_in_china() -> None:
    """That is four in the afternoon of the day before, in UTC, all year round."""
    assert DAY.begin == datetime(2026, 1, 30, 16, tzinfo=UTC)
    assert DAY.end - DAY.begin == timedelta(days=1)


def test_its_end_belongs_to_the_next() -> None:
    """Every moment is in one day."""
    assert DAY.has(DAY.begin)
    assert not DAY.has(DAY.end)
    assert BusinessDay(date(2026, 2, 1)).has(DAY.end)


def test_what_has_no_time_is_taken_for_it() -> None:
    """An order whose time cannot be read is compared rather than passed over."""
    assert DAY.has(None)


@pytest.mark.parametrize(
    ("utc", "latest"),
    [
        (datetime(2026, 1, 31, 21, 59, tzinfo=UTC), date(2026, 1, 30)),  # 05:59 in China
        (datetime(2026, 1, 31, 22, 0, tzinfo=UTC), date(2026, 1, 31)),  # 06:00
        (datetime(2026, 2, 1, 21, 59, tzinfo=UTC), date(2026, 1, 31)),
    ],
)
def test_a_day_is_over_at_the_hour_of_the_next(utc: datetime, latest: date) -> None:
    """At six in the morning in China yesterday is compared, and not before."""
    days = days_to_compare(utc, hour=6, most=3)
    assert [day.date for day in days] == [latest - timedelta(days=back) for back in range(3)]
