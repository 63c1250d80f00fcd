"""When we ask and look again: soon at first, and for ever."""

from collections.abc import Callable

import pytest

from paybus.trades.inquiry import (
    INQUIRY_SECONDS,
    UNSENT_SECONDS,
    WAIT_FOR_PAY_SECONDS,
    hidden_seconds,
    next_inquiry_seconds,
    next_look_seconds,
    next_try_seconds,
)

Schedule = Callable[[int], float]
ALL = pytest.mark.parametrize("schedule", [next_inquiry_seconds, next_look_seconds, next_try_seconds])


@ALL
def test_waits_are_positive_and_never_get_shorter(schedule: Schedule) -> None:
    """No wait is zero (that would be a hot loop) and none is shorter than the one before."""
    waits = [schedule(step) for step in range(100)]
    assert waits[0] > 0
    assert waits == sorted(waits)


def test_inquiries_start_at_once_and_settle_at_an_hour() -> None:
    """The customer at the till is asked about within seconds; an old doubt once an hour, without end."""
    assert [next_inquiry_seconds(asked) for asked in range(5)] == [1.0, 2.0, 5.0, 10.0, 30.0]
    assert next_inquiry_seconds(len(INQUIRY_SECONDS)) == next_inquiry_seconds(10**9) == 3600.0


def test_a_waiting_refund_looks_within_a_tenth_of_a_second_and_at_least_once_a_minute() -> None:
    """A refund right behind its pay is hardly held up; one whose pay stays open costs little."""
    assert next_look_seconds(0) == 0.1
    assert next_look_seconds(len(WAIT_FOR_PAY_SECONDS)) == next_look_seconds(10**9) == 60.0


def test_what_cannot_be_sent_is_tried_soon_and_then_twice_a_minute() -> None:
    """A till waits for a blink; a gateway that is dead for minutes is not called every second."""
    assert [next_try_seconds(tried) for tried in range(5)] == [1.0, 2.0, 5.0, 10.0, 30.0]
    assert next_try_seconds(len(UNSENT_SECONDS)) == next_try_seconds(10**9) == 30.0


@pytest.mark.parametrize(
    ("hung_seconds", "hidden"), [(0.0, 0.0), (0.99, 0.0), (1.0, 10.0), (18.0, 180.0), (93.0, 300.0)]
)
def test_the_slower_the_gateway_the_later_it_is_believed(hung_seconds: float, hidden: float) -> None:
    """Ten times as long as it hung, at most five minutes; not at all if it was cut off."""
    assert hidden_seconds(hung_seconds) == hidden
