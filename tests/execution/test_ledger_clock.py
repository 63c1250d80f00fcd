"""The ledger's clock may be moved: it is noticed, and nobody is buried and nothing sent again for it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs
from tests.execution.crew import LIMITS, Crew, barcode, enlist
from tests.execution.test_worker import looking, until, until_state
from tests.ledger.tables import falls_silent, passes
from tests.sandbox.house import House

from paybus.execution import worker as module
from paybus.execution.heart import Heart
from paybus.execution.ledger_clock import SLACK_SECONDS, LedgerClock
from paybus.ledger.claim import release
from paybus.ledger.pool import Pool
from paybus.ledger.worker import Lease, beat, enroll, free_orphans, ledger_time

HOUR_SECONDS = 3600.0
LOCKED_SECONDS = 1.3
"""Longer than the test's lease, and than the ledger's clock may differ."""


@dataclass
class Times:
    """Our time, and the ledger's, which the test may move; an answer takes as long as it says."""

    ours: float = 1000.0
    moved_seconds: float = 0.0
    answer_seconds: float = 0.0
    said: list[datetime] = field(default_factory=list)
    start: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=1000))

    def __call__(self) -> float:
        """Give our time."""
        return self.ours

    async def fetchval(self, *_statement: object) -> datetime:
        """Give the ledger's."""
        self.said.append(self.start + timedelta(seconds=self.ours + self.moved_seconds))
        self.ours += self.answer_seconds
        return self.said[-1]


@pytest.fixture
def times() -> Times:
    """Give times that go on only where the test lets them."""
    return Times()


@pytest.fixture
async def clock(times: Times) -> LedgerClock:
    """Give a clock that was looked at once."""
    pool: Any = times
    clock = LedgerClock(pool, times)
    await clock.look()
    return clock


async def test_between_looks_it_goes_on(times: Times, clock: LedgerClock) -> None:
    """Its time is what it said, and what has passed since by our own clock."""
    times.ours += 5.0
    assert clock.now() == times.said[0] + timedelta(seconds=5)
    await clock.look()
    assert clock.now() == times.said[1]
    assert clock.steady_seconds == float("inf")


def test_before_the_first_look_it_is_this_machines(times: Times) -> None:
    """What has to be decided then is decided by the only clock there is."""
    pool: Any = times
    before = datetime.now(UTC)
    assert before <= LedgerClock(pool, times).now() <= datetime.now(UTC)


@pytest.mark.parametrize("seconds", [HOUR_SECONDS, -HOUR_SECONDS, 2 * SLACK_SECONDS])
async def test_a_move_is_noticed(times: Times, clock: LedgerClock, seconds: float) -> None:
    """Forward or back, it is told once; from then on it counts how long the clock is steady."""
    times.ours += 10.0
    times.moved_seconds = seconds
    with capture_logs() as lines:
        await clock.look()
        times.ours += 3.0
        await clock.look()
    assert [(line["event"], line["seconds"]) for line in lines] == [("ledger_clock.moved", seconds)]
    assert clock.steady_seconds == 3.0
    assert clock.now() == times.said[-1]


async def test_a_slow_answer_is_no_move(times: Times, clock: LedgerClock) -> None:
    """It was true when it was said, and nobody knows when that was."""
    for times.answer_seconds in (20.0, 0.0, 20.0):
        await clock.look()
        times.ours += 1.0
    assert clock.steady_seconds == float("inf")


async def test_a_clock_that_differs_from_ours_at_first_may_have_been_moved(times: Times) -> None:
    """Who has just started has not seen it move: that it is another than this machine's is all he knows."""
    times.moved_seconds = HOUR_SECONDS
    pool: Any = times
    clock = LedgerClock(pool, times)
    await clock.look()
    times.ours += 5.0
    assert clock.steady_seconds == 5.0


async def test_who_saw_it_moved_does_not_judge_others(pool: Pool, times: Times, clock: LedgerClock) -> None:
    """After a move everybody seems to have been silent: they get a lease's time to beat by the new clock."""
    heart = Heart(pool, await _enrolled(pool), LIMITS.lease, clock=times)
    heart.ledger_clock = clock
    await heart.beat()
    assert heart.may_judge
    times.moved_seconds = HOUR_SECONDS
    await clock.look()
    assert (heart.may_send, heart.may_judge) == (True, False)
    times.ours += LIMITS.lease.lease_seconds
    await heart.beat()
    assert heart.may_judge


async def test_a_judgement_that_comes_too_late_is_none(pool: Pool) -> None:
    """It waited for a lock, or the clock was moved meanwhile: all seem to be silent, and nobody is buried."""
    worker_id, now = await _enrolled(pool), await ledger_time(pool)
    await falls_silent(pool, worker_id, HOUR_SECONDS)
    for seconds, lives in ((-1.0, True), (HOUR_SECONDS, False)):
        no_later = now + timedelta(seconds=seconds)
        await free_orphans(pool, "pay", lease=LIMITS.lease, lag_seconds=3.0, no_later=no_later)
        assert await beat(pool, worker_id) is lives
        await falls_silent(pool, worker_id, HOUR_SECONDS)


async def test_who_waited_for_a_lock_buries_nobody(
    pool: Pool, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's look and its beat wait together, longer than a lease; the look must not come first."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    payer = await enlist(pool, house, lease=Lease(beat_seconds=0.05, fence_seconds=0.3, lease_seconds=0.6))
    beating = asyncio.create_task(payer.heart.beat_on())
    async with looking(payer):
        for _ in range(3):
            await until(lambda: payer.heart.may_judge)
            async with pool.acquire() as other, other.transaction():
                await other.execute("LOCK TABLE worker IN ACCESS EXCLUSIVE MODE")
                await until(lambda: payer.heart.age_seconds > LOCKED_SECONDS)
            await until(lambda: payer.heart.may_send or beating.done())
            assert not beating.done()
    beating.cancel()
    await asyncio.wait({beating})


async def test_what_is_not_there_after_a_move_is_not_sent_again(
    payer: Crew, times: Times, clock: LedgerClock
) -> None:
    """By the moved clock the gateway's lag is over; in truth it may not show yet what it has taken."""
    payer.heart.ledger_clock = clock
    await payer.accepts(barcode())
    await release(payer.pool, payer.worker_id, None, cut_off_seconds=0.0, lag_seconds=3.0)
    await passes(payer.pool, HOUR_SECONDS)
    times.moved_seconds = HOUR_SECONDS
    async with looking(payer):
        await until_state(payer, "C1", "unknown")
    assert payer.journal.operations == ["query"]
    assert payer.sent() == []


async def test_without_a_move_what_is_not_there_is_sent(payer: Crew, clock: LedgerClock) -> None:
    """The ledger's clock says that the lag is over, and it is."""
    payer.heart.ledger_clock = clock
    await payer.accepts(barcode())
    await release(payer.pool, payer.worker_id, None, cut_off_seconds=0.0, lag_seconds=3.0)
    await passes(payer.pool, HOUR_SECONDS)
    async with looking(payer):
        await until_state(payer, "C1", "done", passing=HOUR_SECONDS)
    assert payer.sent() == [("pay", "C1")]


async def test_what_expires_does_so_by_the_ledgers_clock(
    payer: Crew, times: Times, clock: LedgerClock
) -> None:
    """Whatever time it is on this machine, for which neither of these is past."""
    payer.heart.ledger_clock = clock
    soon = (clock.now() + timedelta(seconds=60)).isoformat()
    await payer.takes(barcode("C1", expires_at=soon))
    times.ours += 120.0
    await payer.takes(barcode("C2", expires_at=soon))
    assert payer.sent() == [("pay", "C1")]
    assert (await payer.state("C1"), await payer.state("C2")) == ("done", "rejected")


async def _enrolled(pool: Pool) -> UUID:
    worker_id = uuid4()
    await enroll(pool, worker_id, "pay")
    return worker_id
