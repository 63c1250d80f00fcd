"""settle(): what is refused is refused alone, and who cannot reach PostgreSQL is told so."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from tests.ledger.house import (
    AMOUNT,
    NOTHING_SENT,
    concluded,
    hand,
    paid,
    pay,
    refund,
    said,
    started,
    states,
)
from tests.ledger.tables import (
    operation,
    snapshot,
    trade,
    until_blocked,
)

from paybus.ledger.acceptance import accept
from paybus.ledger.errors import LedgerRefusedError, LedgerUnavailableError
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settlement, Settlements
from paybus.trades.aftermath import Conclusion
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, OperationState


async def test_the_table_itself_refuses_refunds_above_what_was_paid(pool: Pool) -> None:
    """Were all our guards mistaken, PostgreSQL would not write more refunds than were paid."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund())

    def mistaken(operation, trade):
        granted = replace(trade, reserved_fen=Fen(AMOUNT + 1))
        return Conclusion(state=OperationState.READY, trade=granted)

    settlement = Settlement(held=held, outcome=NOTHING_SENT, decide=mistaken)
    before = await snapshot(pool)
    with pytest.raises(LedgerRefusedError, match="trade_check"):
        await Settlements(pool, worker.worker_id).write([settlement])
    assert await snapshot(pool) == before


async def test_a_decision_that_fails_is_its_own_settlements_failure(pool: Pool) -> None:
    """One decision that raises is given back to who submitted it; the others of the batch are written."""
    worker = await hand(pool)
    batch = await worker.holds(pay("C1"), pay("C2"), pay("C3"))
    mistaken = Settlement(held=batch[1], outcome=said(), decide=lambda *_: 1 / 0)  # type: ignore[arg-type,return-value]
    results = await Settlements(pool, worker.worker_id).write(
        [concluded(batch[0]), mistaken, concluded(batch[2])]
    )
    assert isinstance(results[1], ZeroDivisionError)
    assert not any(isinstance(result, Exception) for result in (results[0], results[2]))
    assert [(await operation(pool, f"C{n}"))["state"] for n in (1, 2, 3)] == ["done", "ready", "done"]


async def test_a_refused_second_try_does_not_take_back_the_first(pool: Pool) -> None:
    """What was written at once stays written, though somebody overtaken is refused after it."""
    await paid(pool, "C1", "C2")
    worker = await hand(pool, Kind.REFUND)
    first, poison, overtaken = await worker.holds(
        refund("R1", code="C1"), refund("R2", code="C2"), refund("R3", code="C2", amount_fen=1000)
    )
    await pool.execute("UPDATE trade SET revision = revision + 1 WHERE charge_code = 'C2'")

    def mistaken(operation, trade):
        return Conclusion(state=OperationState.READY, trade=replace(trade, reserved_fen=Fen(AMOUNT + 1)))

    results = await Settlements(pool, worker.worker_id).write(
        [
            started(first),
            Settlement(held=poison, outcome=NOTHING_SENT, decide=mistaken),
            started(overtaken),
        ]
    )
    assert isinstance(results[1], LedgerRefusedError)
    assert not isinstance(results[0], Exception)
    assert not isinstance(results[2], Exception)
    assert (await trade(pool, "C2"))["reserved_fen"] == 1000


async def test_a_closed_pool_is_an_unavailable_ledger(pool: Pool) -> None:
    """Who cannot reach PostgreSQL is told that nothing is known, in this room's words."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await pool.close()
    with pytest.raises(LedgerUnavailableError):
        await worker.settles(concluded(held))
    with pytest.raises(LedgerUnavailableError):
        await accept(pool, worker.worker_id, [pay()])


async def test_a_broken_connection_is_an_unavailable_ledger(pool: Pool, other_pool: Pool) -> None:
    """A connection that is cut off in the middle of a statement says that nothing is known."""
    await paid(pool)
    worker = await hand(other_pool, Kind.REFUND)
    (held,) = await worker.holds(refund())
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM trade FOR UPDATE")
        waiting = asyncio.create_task(worker.settles(started(held)))
        await until_blocked(pool)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tests-other' AND wait_event_type = 'Lock'"
        )
        with pytest.raises(LedgerUnavailableError):
            await waiting
    assert states(await worker.settles(started(held))) == ["ready"]


async def test_nobody_can_be_both_owned_and_due(pool: Pool) -> None:
    """An operation is in somebody's hands, or due, or final: the table refuses anything between."""
    await (await hand(pool)).holds(pay())
    for change in ("due_at = now()", "owner = NULL", "state = 'done'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await pool.execute(f"UPDATE operation SET {change}")  # noqa: S608 -- from the line above
