"""What a merchant may ask of the gateway; the clock is the test's."""

from dataclasses import dataclass, field, replace
import math

import pytest
from tests.sandbox.house import MERCHANT

from paybus.execution.allowance import Allowance
from paybus.gateway.merchant import Merchant

SLOW = replace(MERCHANT, calls_per_second=2.0, burst=3)
CAREFUL = replace(MERCHANT, errors_per_minute=4)


@dataclass
class Trial:
    """An allowance, and the time."""

    now: float = 100.0
    allowance: Allowance = field(init=False)

    def __post_init__(self) -> None:
        self.allowance = Allowance(lambda: self.now)

    def reserves(self, calls: int, merchant: Merchant = SLOW) -> list[float | None]:
        """Reserve calls at this moment."""
        return [self.allowance.reserve(merchant) for _ in range(calls)]

    def errs(self, times: int = 1) -> None:
        """Hear errors."""
        for _ in range(times):
            self.allowance.answered(error=True)


def test_a_burst_goes_at_once_and_the_rest_at_its_rate() -> None:
    """Three at once, then one each half second, in the order in which they came."""
    assert Trial().reserves(6) == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]


def test_what_is_not_used_is_saved_up_to_a_burst() -> None:
    """After a long silence as many go at once as ever, and not more."""
    trial = Trial()
    trial.reserves(6)
    trial.now += 1000.0
    assert trial.reserves(4) == [0.0, 0.0, 0.0, 0.5]


def test_without_a_burst_it_is_a_second_of_calls() -> None:
    """Two a second means two at once."""
    assert Trial().reserves(3, replace(SLOW, burst=None)) == [0.0, 0.0, 0.5]


def test_what_would_come_too_late_takes_nobodys_place() -> None:
    """A pay that will have expired reserves nothing: those behind it that have time are not held up by it."""
    trial = Trial()
    trial.reserves(5)
    assert trial.allowance.reserve(SLOW, within_seconds=1.0) is None
    assert trial.reserves(1) == [1.5]


def test_without_limits_there_are_none() -> None:
    """A merchant whose file names no limit never waits."""
    trial = Trial()
    trial.errs(1000)
    assert trial.reserves(1000, MERCHANT) == [0.0] * 1000
    assert trial.allowance.rest_seconds(MERCHANT) == 0.0
    assert not trial.allowance.is_paused(MERCHANT)


def test_so_many_errors_pause_charges_until_the_minute_has_passed() -> None:
    """The fourth error pauses them until the first is a minute old."""
    trial = Trial()
    for _ in range(4):
        assert trial.allowance.rest_seconds(CAREFUL) == 0.0
        trial.errs()
        trial.now += 10.0
    assert (trial.allowance.is_paused(CAREFUL), trial.allowance.rest_seconds(CAREFUL)) == (True, 20.0)
    trial.now += 20.0
    assert (trial.allowance.is_paused(CAREFUL), trial.allowance.rest_seconds(CAREFUL)) == (False, 0.0)


@pytest.mark.parametrize(("errors", "answered_well"), [(1, False), (2, True), (3, True)])
def test_in_trouble_no_more_go_at_once_than_errors_are_left(errors: int, answered_well: bool) -> None:
    """After an error, or with half of the quota gone, what is under way may all fail and not exceed it."""
    trial = Trial()
    trial.errs(errors)
    if answered_well:
        trial.allowance.answered(error=False)
    at_once = 0
    while trial.allowance.rest_seconds(CAREFUL) == 0.0:
        trial.allowance.begin_charge()
        at_once += 1
    assert at_once == 4 - errors
    trial.allowance.end_charge()
    assert trial.allowance.rest_seconds(CAREFUL) == 0.0


def test_a_merchant_who_is_well_is_not_held_up() -> None:
    """With few errors and a good answer since, as many are under way at once as there are commands."""
    trial = Trial()
    trial.errs()
    trial.allowance.answered(error=False)
    for _ in range(100):
        assert trial.allowance.rest_seconds(CAREFUL) == 0.0
        trial.allowance.begin_charge()


def test_a_limit_that_was_changed_counts_at_once() -> None:
    """The file may change while the process runs."""
    trial = Trial()
    trial.errs(4)
    assert trial.allowance.is_paused(CAREFUL)
    assert not trial.allowance.is_paused(replace(CAREFUL, errors_per_minute=5))
    assert trial.reserves(1, replace(SLOW, calls_per_second=math.inf, burst=1)) == [0.0]
