"""Workers: who is silent for a lease is dead for good, and what it held is due as soon as it is safe."""

import asyncio
from uuid import uuid4

import pytest
from tests.ledger.house import (
    LAG_SECONDS,
    LEASE,
    UNKNOWN,
    concluded,
    frees,
    hand,
    pay,
    refund,
    states,
)
from tests.ledger.tables import falls_silent, operation, passes, until_blocked

from paybus.ledger.acceptance import accept
from paybus.ledger.pool import Pool
from paybus.ledger.worker import beat, end, enroll
from paybus.trades.operation import Kind


async def test_a_beat_renews_the_lease(pool: Pool) -> None:
    """Who beats in time is never declared dead."""
    worker = await hand(pool)
    await worker.holds(pay())
    for _ in range(3):
        await falls_silent(pool, worker.worker_id, LEASE.lease_seconds - 1)
        assert await beat(pool, worker.worker_id)
        assert await frees(pool) == 0
    assert (await operation(pool, "C1"))["owner"] == worker.worker_id


async def test_who_was_declared_dead_stays_dead(pool: Pool) -> None:
    """A beat after the burial says so: the worker must end, for others have its operations."""
    worker = await hand(pool)
    await falls_silent(pool, worker.worker_id, LEASE.lease_seconds + 1)
    await frees(pool)
    assert not await beat(pool, worker.worker_id)
    assert not await beat(pool, worker.worker_id)


async def test_a_worker_that_nobody_enrolled_has_no_life(pool: Pool) -> None:
    """A beat of an unknown worker is no life either."""
    assert not await beat(pool, uuid4())


async def test_a_silent_workers_ready_operations_are_due_when_the_gateway_must_show_them(pool: Pool) -> None:
    """READY may have been sent up to the fence: it is due when the query lag has passed since then."""
    worker = await hand(pool)
    await worker.holds(pay())
    await falls_silent(pool, worker.worker_id, 6)
    assert await frees(pool) == 1
    row = await operation(pool, "C1")
    assert (row["state"], row["owner"], row["turn"]) == ("ready", None, 1)
    assert row["quiet_for"] == pytest.approx(6 - LEASE.fence_seconds, abs=1)
    assert row["due_in"] == pytest.approx(LEASE.fence_seconds + LAG_SECONDS - 6, abs=1)


async def test_what_was_silent_for_longer_than_the_lag_is_due_at_once(pool: Pool) -> None:
    """If nobody lived to free it for a while, nothing more has to be waited for."""
    worker = await hand(pool)
    await worker.holds(pay())
    await falls_silent(pool, worker.worker_id, 100)
    await frees(pool)
    assert (await operation(pool, "C1"))["due_in"] <= 0
    (held,) = await (await hand(pool)).claims()
    assert held.quiet_seconds == pytest.approx(100 - LEASE.fence_seconds, abs=1)


async def test_a_silent_workers_waiting_operations_are_due_at_once(pool: Pool) -> None:
    """WAITING was certainly not sent: the next worker may begin with it, and knows of no request."""
    worker = await hand(pool, Kind.REFUND)
    await worker.holds(refund())
    await falls_silent(pool, worker.worker_id, 6)
    assert await frees(pool, Kind.REFUND) == 1
    (held,) = await (await hand(pool, Kind.REFUND)).claims()
    assert held.quiet_seconds is None


async def test_a_silent_workers_inquiries_are_due_at_once(pool: Pool) -> None:
    """Asking can be done again at any time, and since when it is quiet does not change by it."""
    worker, next_one = await hand(pool), await hand(pool)
    (held,) = await worker.holds(pay())
    await worker.settles(concluded(held, UNKNOWN))
    await passes(pool, 50)
    await worker.claims()
    await falls_silent(pool, worker.worker_id, 6)
    await frees(pool)
    (taken,) = await next_one.claims()
    assert taken.quiet_seconds == pytest.approx(50, abs=1)


async def test_a_live_workers_operations_are_never_freed(pool: Pool) -> None:
    """A death concerns the dead one's operations only, whatever else is held."""
    dead, alive, other_kind = await hand(pool), await hand(pool), await hand(pool, Kind.REFUND)
    await dead.holds(pay("C1"))
    await alive.holds(pay("C2"))
    await other_kind.holds(refund("R1"))
    await falls_silent(pool, dead.worker_id, 6)
    assert await frees(pool) == 1
    assert (await operation(pool, "C2"))["owner"] == alive.worker_id
    assert (await operation(pool, "R1", Kind.REFUND))["owner"] == other_kind.worker_id


async def test_each_service_buries_its_own(pool: Pool) -> None:
    """Only workers of the same service know what to do with what was left."""
    worker = await hand(pool, Kind.REFUND)
    await worker.holds(refund())
    await falls_silent(pool, worker.worker_id, 6)
    assert await frees(pool, Kind.PAY) == 0
    assert await beat(pool, worker.worker_id)


async def test_who_ends_leaves_nothing_to_wait_for(pool: Pool) -> None:
    """After its end a worker's operations are freed without waiting for a lease."""
    worker = await hand(pool)
    await worker.holds(pay())
    await end(pool, worker.worker_id)
    assert await frees(pool) == 1
    assert not await beat(pool, worker.worker_id)


async def test_what_a_dead_worker_was_still_writing_is_freed_later(pool: Pool, other_pool: Pool) -> None:
    """A batch that was under way at the burial is accepted under a dead name; the next look frees it."""
    dead = await hand(other_pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await accept(connection, uuid4(), [pay("C2")])  # type: ignore[arg-type]
        under_way = asyncio.create_task(dead.holds(pay("C1"), pay("C2")))
        await until_blocked(pool)
        await falls_silent(pool, dead.worker_id, 6)
        assert await frees(pool) == 0
        await transaction.rollback()
    held = await under_way
    assert len(held) == 2
    assert await frees(pool) == 2
    assert states(await dead.settles(*map(concluded, held))) == ["lost", "lost"]


async def test_what_a_dead_worker_accepts_or_claims_is_freed_as_often_as_it_does(pool: Pool) -> None:
    """As long as its process has not noticed, what it takes in hand comes back each time."""
    dead = await hand(pool, Kind.REFUND)
    await end(pool, dead.worker_id)
    await dead.holds(refund())
    assert await frees(pool, Kind.REFUND) == 1
    assert len(await dead.claims()) == 1
    assert await frees(pool, Kind.REFUND) == 1
    assert await frees(pool, Kind.REFUND) == 0


async def test_what_is_being_settled_at_this_moment_is_not_waited_for(pool: Pool, other_pool: Pool) -> None:
    """Freeing passes over a row that its dead owner is writing: if that fails it is freed next time."""
    dead = await hand(pool)
    await dead.holds(pay("C1"), pay("C2"))
    await end(pool, dead.worker_id)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM operation WHERE key = 'C1' FOR NO KEY UPDATE")
        assert await frees(other_pool) == 1
    assert await frees(other_pool) == 1


async def test_two_who_free_at_once_do_it_once(pool: Pool, other_pool: Pool) -> None:
    """All live workers look for orphans: together they free each once."""
    dead = await hand(pool)
    await dead.holds(*[pay(f"C{number}") for number in range(50)])
    await end(pool, dead.worker_id)
    assert sum(await asyncio.gather(*[frees(one) for one in (pool, other_pool) * 3])) == 50
    assert await pool.fetchval("SELECT max(turn) FROM operation") == 1


async def test_the_long_dead_are_forgotten_unless_they_hold_something(pool: Pool, other_pool: Pool) -> None:
    """The list of workers does not grow for ever, and nobody is forgotten whose operations are held."""
    await hand(pool)
    holding = await hand(pool)
    await holding.holds(pay())
    await pool.execute("UPDATE worker SET dead_at = now() - interval '31 days'")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM operation FOR NO KEY UPDATE")
        assert await frees(other_pool) == 0
        assert await pool.fetchval("SELECT worker_id FROM worker") == holding.worker_id
    assert await frees(other_pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM worker") == 0


async def test_a_name_is_used_once(pool: Pool) -> None:
    """A second process under the name of another would settle what that one holds."""
    worker_id = uuid4()
    await enroll(pool, worker_id, "pay")
    with pytest.raises(Exception, match="worker_pkey"):
        await enroll(pool, worker_id, "pay")


async def test_nobody_sends_in_the_gap_between_fence_and_lease(pool: Pool) -> None:
    """The fence falls before others may take over: in between lies what a request needs to leave."""
    assert LEASE.beat_seconds < LEASE.fence_seconds < LEASE.lease_seconds
    worker = await hand(pool)
    await worker.holds(pay())
    await falls_silent(pool, worker.worker_id, LEASE.fence_seconds + 0.5)
    assert await frees(pool) == 0
    assert await (await hand(pool)).claims() == []
    assert await beat(pool, worker.worker_id)
