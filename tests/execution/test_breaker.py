"""When the gateway is left alone, and when it is called again; the clock is the test's."""

from dataclasses import dataclass, field

from paybus.execution.breaker import Breaker, BreakerRules, Heard, Ticket

RULES = BreakerRules(failures=3, first_pause_seconds=1.0, longest_pause_seconds=8.0, probe_seconds=5.0)


@dataclass
class Trial:
    """A breaker, the time, and what chance says."""

    now: float = 100.0
    drawn: float = 0.0
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker(RULES, clock=lambda: self.now, draw=lambda: self.drawn)

    def hears(self, heard: Heard) -> bool:
        """Make one request that is over at once."""
        return self.breaker.leave(self.breaker.enter(), heard)

    def breaks(self) -> None:
        """Fail until it opens."""
        while not self.breaker.is_open:
            self.hears(Heard.FAILURE)


def test_so_many_failures_in_a_row_open_it() -> None:
    """The third failure opens it, and says so once; before it, everything may be sent."""
    trial = Trial()
    changes = [(trial.breaker.rest_seconds(), trial.hears(Heard.FAILURE)) for _ in range(3)]
    assert changes == [(0.0, False), (0.0, False), (0.0, True)]
    assert trial.breaker.rest_seconds() == 1.0


def test_an_answer_between_failures_keeps_it_closed() -> None:
    """Only failures in a row count: a gateway that answers one of three is there."""
    trial = Trial()
    for _ in range(10):
        trial.hears(Heard.FAILURE)
        trial.hears(Heard.FAILURE)
        assert not trial.hears(Heard.ANSWER)
    assert not trial.breaker.is_open


def test_what_never_left_us_says_nothing() -> None:
    """A command that cannot be put on the wire is neither a failure of the gateway nor an answer."""
    trial = Trial()
    for _ in range(10):
        trial.hears(Heard.NOTHING)
    assert not trial.breaker.is_open
    trial.breaks()
    trial.now += 1.0
    trial.hears(Heard.NOTHING)
    assert trial.breaker.is_open
    assert trial.breaker.rest_seconds() == 0.0  # the next one probes


def test_one_probe_goes_after_the_pause() -> None:
    """While it is on its way nobody follows, until it takes so long that it must have been connected."""
    trial = Trial()
    trial.breaks()
    trial.now += 1.0
    assert trial.breaker.rest_seconds() == 0.0
    assert trial.breaker.enter() == Ticket(probe=True)
    assert trial.breaker.rest_seconds() == 5.0
    trial.now += 5.0
    assert trial.breaker.rest_seconds() == 0.0


def test_an_answer_closes_it() -> None:
    """Also one to a request that was on its way before it opened: whoever answers is there."""
    trial = Trial()
    early = trial.breaker.enter()
    trial.breaks()
    assert trial.breaker.leave(early, Heard.ANSWER)
    assert (trial.breaker.rest_seconds(), trial.breaker.is_open) == (0.0, False)


def test_pauses_grow_to_a_bound_and_begin_anew() -> None:
    """Each failed probe doubles the pause, up to the longest; after an answer the first is short again."""
    trial, pauses = Trial(), []
    trial.breaks()
    for _ in range(6):
        pauses.append(trial.breaker.rest_seconds())
        trial.now += pauses[-1]
        trial.hears(Heard.FAILURE)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    trial.hears(Heard.ANSWER)
    trial.breaks()
    assert trial.breaker.rest_seconds() == 1.0


def test_late_failures_of_others_change_nothing() -> None:
    """A thousand calls that were on their way when it opened make its pause no longer."""
    trial = Trial()
    early = [trial.breaker.enter() for _ in range(1000)]
    trial.breaks()
    for ticket in early:
        assert not trial.breaker.leave(ticket, Heard.FAILURE)
    assert trial.breaker.rest_seconds() == 1.0


def test_processes_probe_apart_and_operations_come_back_apart() -> None:
    """Chance shortens a pause by up to a half, and spreads who is held back over another pause."""
    late, early = Trial(drawn=0.0), Trial(drawn=1.0)
    for trial in (late, early):
        trial.breaks()
    assert (late.breaker.over_seconds, early.breaker.over_seconds) == (-1.0, -0.5)
    early.drawn = 0.25
    assert early.breaker.rest_seconds() == 0.75
