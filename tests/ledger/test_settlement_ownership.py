"""settle(): only by the owner, only in the turn it was taken in, and only once."""

from tests.ledger.house import (
    LAG_SECONDS,
    UNKNOWN,
    concluded,
    frees,
    hand,
    paid,
    pay,
    refund,
    started,
    states,
)
from tests.ledger.tables import (
    falls_silent,
    operation,
    outbox,
    passes,
    snapshot,
    trade,
)

from paybus.ledger.claim import release
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import LOST
from paybus.trades.operation import Kind
from paybus.trades.start import Patience


async def test_a_worker_that_lost_its_operation_writes_nothing(pool: Pool) -> None:
    """After a takeover the old owner's outcome changes no row at all, trade and events included."""
    late, next_one = await hand(pool), await hand(pool)
    (held,) = await late.holds(pay())
    await falls_silent(pool, late.worker_id, 6)
    await frees(pool)
    await passes(pool)
    (taken,) = await next_one.claims()
    before = await snapshot(pool)

    (settled,) = await late.settles(concluded(held))

    assert settled is LOST
    assert settled.lost
    assert await snapshot(pool) == before
    assert states(await next_one.settles(concluded(taken))) == ["done"]


async def test_a_refusal_by_who_lost_its_operation_is_not_announced(pool: Pool) -> None:
    """Also where no trade is written, an event goes out only with its operation."""
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund())
    await release(pool, worker.worker_id, None, cut_off_seconds=0, lag_seconds=0)
    assert states(await worker.settles(started(held, Patience(tired=True)))) == ["lost"]
    assert await outbox(pool) == []
    assert await pool.fetchval("SELECT count(*) FROM event") == 0


async def test_an_operation_that_nobody_owns_is_lost_too(pool: Pool) -> None:
    """Freed and not yet taken over is as good as taken over."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await release(pool, worker.worker_id, None, cut_off_seconds=3, lag_seconds=LAG_SECONDS)
    before = await snapshot(pool)
    assert states(await worker.settles(concluded(held))) == ["lost"]
    assert await snapshot(pool) == before


async def test_an_operation_that_came_back_in_another_turn_is_lost(pool: Pool) -> None:
    """A worker that took over its own operation has it once: what it held before is worth nothing."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await release(pool, worker.worker_id, None, cut_off_seconds=0, lag_seconds=0)
    (taken,) = await worker.claims()
    before = await snapshot(pool)
    assert states(await worker.settles(concluded(held))) == ["lost"]
    assert await snapshot(pool) == before
    assert states(await worker.settles(concluded(taken))) == ["done"]


async def test_an_outcome_is_not_written_twice(pool: Pool) -> None:
    """Whoever does not know whether it was written submits it again: the second time writes nothing."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await worker.settles(concluded(held, UNKNOWN))
    before = await snapshot(pool)
    assert states(await worker.settles(concluded(held, UNKNOWN))) == ["lost"]
    assert await snapshot(pool) == before


async def test_a_grant_whose_answer_was_lost_is_found_and_reserves_once(pool: Pool) -> None:
    """A grant that is submitted again, its answer being lost, is the same grant: its amount is held once."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund(amount_fen=1000))
    (first,) = await worker.settles(started(held))
    before = await snapshot(pool)

    (again,) = await worker.settles(started(held))

    assert again.held == first.held
    assert states([again]) == ["ready"]
    assert await snapshot(pool) == before
    assert again.held is not None
    assert states(await worker.settles(concluded(again.held))) == ["done"]
    assert (await trade(pool))["reserved_fen"] == 0


async def test_if_one_of_two_of_a_trade_is_lost_the_other_is_decided_without_it(pool: Pool) -> None:
    """What a lost operation would have made of the trade must not show in what the other one makes of it."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    await paid(pool, "C2")
    lost, kept, elsewhere = await worker.holds(
        refund("R1", amount_fen=15000), refund("R2", amount_fen=1000), refund("R3", code="C2")
    )
    await release(pool, worker.worker_id, [lost.operation_id], cut_off_seconds=0, lag_seconds=0)

    settled = await worker.settles(started(lost), started(kept), started(elsewhere))

    # With the lost one's 150.00 reserved, the other's 10.00 would have been refused.
    assert states(settled) == ["lost", "ready", "ready"]
    assert (await trade(pool, "C1"))["reserved_fen"] == 1000
    assert (await operation(pool, "R1", Kind.REFUND))["state"] == "waiting"
