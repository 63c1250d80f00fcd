"""Stocktaking: what the ledger gave to a worker that never learned of it does not lie there for ever."""

from tests.ledger.house import LAG_SECONDS, Hand, concluded, hand, pay, states
from tests.ledger.tables import operation, passes

from paybus.ledger.pool import Pool
from paybus.ledger.stocktaking import Stocktaking


def stocktaking(worker: Hand) -> Stocktaking:
    """Give a worker's stocktaking."""
    return Stocktaking(worker.pool, worker.worker_id, cut_off_seconds=3, lag_seconds=LAG_SECONDS)


async def test_what_is_missing_twice_is_given_back(pool: Pool) -> None:
    """An operation whose holder never heard of it is due again, to be asked about before it is sent."""
    worker = await hand(pool)
    _, known = await worker.holds(pay("C1"), pay("C2"))
    stock = stocktaking(worker)
    assert await stock.take({known.operation_id}) == 0
    assert (await operation(pool, "C1"))["owner"] == worker.worker_id
    assert await stock.take({known.operation_id}) == 1
    row = await operation(pool, "C1")
    assert (row["owner"], row["state"]) == (None, "ready")
    assert row["due_in"] > 0
    assert (await operation(pool, "C2"))["owner"] == worker.worker_id


async def test_what_was_on_its_way_to_the_worker_is_left_alone(pool: Pool) -> None:
    """Between the commit and its answer an operation is missing for a moment: once is no proof."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    stock = stocktaking(worker)
    assert await stock.take(()) == 0
    assert await stock.take({held.operation_id}) == 0
    assert await stock.take(()) == 0
    assert states(await worker.settles(concluded(held))) == ["done"]
    assert await stock.take(()) == 0


async def test_an_operation_in_a_later_turn_is_not_the_one_that_was_missing(pool: Pool) -> None:
    """One that was settled and claimed again in between is missing for the first time."""
    worker = await hand(pool)
    await worker.holds(pay())
    stock = stocktaking(worker)
    await stock.take(())
    await pool.execute("UPDATE operation SET owner = NULL, due_at = now(), turn = turn + 1")
    await passes(pool)
    await worker.claims()
    assert await stock.take(()) == 0
    assert await stock.take(()) == 1
