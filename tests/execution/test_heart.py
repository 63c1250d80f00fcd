"""The heart: a worker sends only as long as certainly nobody can have taken over its work."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.ledger.tables import falls_silent

from paybus.execution.heart import FencedError, Heart, uptime_seconds
from paybus.ledger.pool import Pool
from paybus.ledger.worker import Lease, enroll, free_orphans

LEASE = Lease(beat_seconds=0.01, fence_seconds=3.5, lease_seconds=5.0)


@dataclass
class Clock:
    """Time that the test lets pass."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds


class Answering:
    """A pool whose answers take time on *clock*, or that is away."""

    def __init__(self, pool: Pool, clock: Clock, *, takes: float = 0.0, away: bool = False) -> None:
        self._pool = pool
        self._clock = clock
        self.takes = takes
        self.away = away

    async def execute(self, *statement: object) -> str:
        """Answer late, or not at all."""
        if self.away:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        status = await self._pool.execute(*statement)
        self._clock.seconds += self.takes
        return str(status)


class Silent:
    """A pool on whose connections nothing comes back."""

    async def execute(self, *_statement: object) -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
async def worker_id(pool: Pool) -> UUID:
    """Give a worker that lives in the ledger."""
    worker_id = uuid4()
    await enroll(pool, worker_id, "pay")
    return worker_id


async def test_before_its_first_beat_nothing_may_be_sent(pool: Pool, worker_id: UUID) -> None:
    """Being enrolled is older than the answer to it: only a beat tells how old the lease is."""
    heart = Heart(pool, worker_id, LEASE)
    assert not heart.may_send
    await heart.beat()
    assert heart.may_send


async def test_the_fence_falls_before_others_may_take_over(pool: Pool, worker_id: UUID) -> None:
    """It stops sending a fixed time after its last beat, by its own clock, and a beat lifts it again."""
    clock = Clock()
    heart = Heart(pool, worker_id, LEASE, clock=clock)
    await heart.beat()
    clock.seconds += LEASE.fence_seconds - 0.01
    assert heart.may_send
    clock.seconds += 0.01
    assert not heart.may_send
    await heart.beat()
    assert (heart.may_send, heart.age_seconds) == (True, 0.0)


async def test_a_beat_counts_from_before_it_was_asked(pool: Pool, worker_id: UUID) -> None:
    """An answer that took long is old news: the ledger may have noted the beat when the question left."""
    clock = Clock()
    heart = Heart(Answering(pool, clock, takes=2.0), worker_id, LEASE, clock=clock)
    await heart.beat()
    assert heart.age_seconds == 2.0


async def test_a_lost_beat_changes_nothing(pool: Pool, worker_id: UUID) -> None:
    """While the ledger is away the age grows, and the worker lives on when it is back."""
    clock = Clock()
    ledger = Answering(pool, clock)
    heart = Heart(ledger, worker_id, LEASE, clock=clock)
    await heart.beat()
    ledger.away = True
    clock.seconds += 1.0
    await heart.beat()
    assert (heart.age_seconds, heart.may_send) == (1.0, True)
    ledger.away = False
    await heart.beat()
    assert heart.age_seconds == 0.0


async def test_a_connection_that_went_silent_costs_one_beat(worker_id: UUID) -> None:
    """It is not waited for longer than the fence: another connection may answer."""
    heart = Heart(Silent(), worker_id, Lease(beat_seconds=0.01, fence_seconds=0.02, lease_seconds=5.0))
    async with asyncio.timeout(30):
        await heart.beat()
    assert not heart.may_send


async def test_who_was_declared_dead_is_told(pool: Pool, worker_id: UUID) -> None:
    """Its beat is not taken any more, whatever the clock says: it has to end."""
    heart = Heart(pool, worker_id, LEASE)
    await heart.beat()
    await falls_silent(pool, worker_id, LEASE.lease_seconds + 1)
    await free_orphans(pool, "pay", lease=LEASE, lag_seconds=3.0)
    with pytest.raises(FencedError):
        await heart.beat()
    assert not heart.may_send
    with pytest.raises(FencedError):
        await heart.beat_on()


async def test_it_beats_on(pool: Pool, worker_id: UUID) -> None:
    """The ledger hears of it again and again, on the ledger's own clock."""
    beating = asyncio.create_task(Heart(pool, worker_id, LEASE).beat_on())
    seen = set[object]()
    async with asyncio.timeout(30):
        while len(seen) < 4:
            seen.add(await pool.fetchval("SELECT beat_at FROM worker WHERE worker_id = $1", worker_id))
    beating.cancel()
    await asyncio.wait({beating})


def test_the_clock_never_goes_back() -> None:
    """Setting the wall clock must not make a dead worker young."""
    times = [uptime_seconds() for _ in range(1000)]
    assert times == sorted(times)


async def test_who_was_without_the_ledger_does_not_judge_others(pool: Pool, worker_id: UUID) -> None:
    """After an outage everybody has been silent: they get a lease's time to say that they live."""
    clock = Clock()
    ledger = Answering(pool, clock)
    heart = Heart(ledger, worker_id, LEASE, clock=clock)
    assert not heart.may_judge
    await heart.beat()
    assert heart.may_judge
    ledger.away = True
    await heart.beat()
    ledger.away = False
    await heart.beat()
    assert (heart.may_send, heart.may_judge) == (True, False)
    clock.seconds += LEASE.lease_seconds
    assert not heart.may_judge
    await heart.beat()
    assert heart.may_judge
