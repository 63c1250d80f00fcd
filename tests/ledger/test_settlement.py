"""settle(): operation, trade, events and outbox together or not at all, and only by the owner."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from tests.ledger.house import (
    AMOUNT,
    LAG_SECONDS,
    MERCHANT,
    NOTHING_SENT,
    UNKNOWN,
    Hand,
    cancel,
    concluded,
    frees,
    hand,
    hears,
    paid,
    pay,
    refund,
    said,
    started,
    states,
    told,
)
from tests.ledger.tables import (
    events,
    falls_silent,
    operation,
    outbox,
    passes,
    snapshot,
    trade,
    until_blocked,
)

from paybus.ledger.acceptance import accept
from paybus.ledger.claim import release
from paybus.ledger.errors import LedgerRefusedError, LedgerUnavailableError
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import LOST, Settlement, Settlements
from paybus.trades.aftermath import Conclusion
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Verdict
from paybus.trades.start import Patience
from paybus.trades.trade import TradeState

DECLINED = said(Verdict.DECLINED, return_code="AMT_ERROR", reply_code="AMT_ERROR")


async def test_an_outcome_is_written_in_all_four_places(pool: Pool) -> None:
    """Operation, trade, event and outbox speak of the same outcome."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())

    (settled,) = await worker.settles(concluded(held))

    assert states([settled]) == ["done"]
    assert settled.held is None
    row = await operation(pool, "C1")
    assert (row["state"], row["owner"], row["due_at"], row["turn"]) == ("done", None, None, 1)
    assert (row["return_code"], row["answer_id"]) == ("SUCCESS", f"{MERCHANT}/C1/1")
    assert row["answered_at"] is not None
    assert (await trade(pool))["state"] == "paid"
    assert (await trade(pool))["revision"] == 1
    assert await events(pool) == ["trade.paid"]
    assert await outbox(pool) == [f"{MERCHANT}/C1/1"]
    assert await pool.fetchval("SELECT traceparent FROM event") == held.traceparent


async def test_an_open_operation_is_due_again_and_free(pool: Pool) -> None:
    """What is still unknown lies in the ledger until it is due: no worker has to remember it."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    (settled,) = await worker.settles(concluded(held, UNKNOWN))
    assert settled.held is None
    row = await operation(pool, "C1")
    assert (row["state"], row["owner"], row["asked"]) == ("unknown", None, 1)
    assert 0 < row["due_in"] <= 1.0
    assert 0 <= row["quiet_for"] < 10
    assert await events(pool) == ["trade.unknown"]


async def test_a_grant_stays_with_its_worker(pool: Pool) -> None:
    """READY is written before anything is sent, and the worker goes on with what it was given."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund(amount_fen=1000))

    (settled,) = await worker.settles(started(held))

    assert settled.held is not None
    assert settled.held.operation.state is OperationState.READY
    assert settled.held.trade is not None
    assert settled.held.trade.trade.reserved_fen == 1000
    row = await operation(pool, "R1", Kind.REFUND)
    assert (row["state"], row["owner"], row["turn"]) == ("ready", worker.worker_id, settled.held.turn)
    assert (await trade(pool))["reserved_fen"] == 1000
    assert (await trade(pool))["revision"] == settled.held.trade.revision
    assert await events(pool) == ["trade.paid"]


async def test_inquiries_are_counted_from_the_first_one_on(pool: Pool) -> None:
    """Looks at its trade and tries to send are counted on through a grant, and are no inquiries."""
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund())
    for _ in range(3):
        await worker.settles(started(held))
        await passes(pool)
        await paid(pool, f"C{held.operation.asked - 1}")  # another two first, then its own
        (held,) = await worker.claims()
    assert held.operation.asked == 3
    (settled,) = await worker.settles(started(held))
    assert settled.held is not None
    assert settled.held.operation.asked == 3

    await worker.settles(concluded(settled.held, UNKNOWN))

    row = await operation(pool, "R1", Kind.REFUND)
    assert (row["asked"], row["state"]) == (1, "unknown")
    assert row["due_in"] <= 1.0


async def test_the_reply_code_is_that_of_the_last_request(pool: Pool) -> None:
    """What the gateway replied to a request is remembered through inquiries until a new grant."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await worker.settles(concluded(held, replace(UNKNOWN, return_code="FAIL", reply_code="FAIL")))
    await passes(pool)
    (held,) = await worker.claims()
    assert held.operation.reply_code == "FAIL"
    await worker.settles(concluded(held, replace(UNKNOWN, return_code="EXCEPTION")))
    row = await operation(pool, "C1")
    assert (row["reply_code"], row["return_code"]) == ("FAIL", "EXCEPTION")
    await passes(pool)
    (held,) = await worker.claims()
    await worker.settles(concluded(held, said(Verdict.NOT_EXECUTED, reply_code=None)))
    await passes(pool)
    (held,) = await worker.claims()
    (settled,) = await worker.settles(started(held))
    assert settled.held is not None
    assert settled.held.operation.reply_code is None
    assert (await operation(pool, "C1"))["reply_code"] is None


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


async def test_a_trade_that_was_changed_meanwhile_is_decided_on_again(pool: Pool) -> None:
    """A decision about an old trade is not written: it is made again about the trade as it is."""
    await paid(pool)
    refunder, canceller = await hand(pool, Kind.REFUND), await hand(pool, Kind.CANCEL)
    (held,) = await refunder.holds(refund())
    (cancelling,) = await canceller.holds(cancel())
    assert states(await canceller.settles(started(cancelling))) == ["ready"]
    seen = []

    def decide(operation, trade):
        seen.append((trade.state, trade.cancelling))
        return started(held).decide(operation, trade)

    settlement = Settlement(held=held, outcome=NOTHING_SENT, decide=decide)
    assert states(await refunder.settles(settlement)) == ["waiting"]
    assert seen == [(TradeState.PAID, False), (TradeState.PAID, True)]
    assert (await trade(pool))["reserved_fen"] == 0


@pytest.mark.parametrize("amount_fen", [AMOUNT, AMOUNT + 1])
async def test_an_end_is_decided_on_the_trade_as_it_is(pool: Pool, amount_fen: int) -> None:
    """A refusal changes no trade, but it is final: it must not rest on a trade as it was some time ago."""
    refunder = await hand(pool, Kind.REFUND)
    await (await hand(pool)).holds(pay())
    (held,) = await refunder.holds(refund(amount_fen=amount_fen))
    assert held.trade is not None
    awaiting = replace(held.trade.trade, state=TradeState.AWAITING_PAYMENT, version=1)
    old = replace(held, trade=replace(held.trade, trade=awaiting))  # it would be refused: not paid
    await hears(pool, told())
    settled = await refunder.settles(started(old))
    assert states(settled) == (["ready"] if amount_fen == AMOUNT else ["rejected"])
    reason = (await operation(pool, "R1", Kind.REFUND))["reason"]
    assert reason == (None if amount_fen == AMOUNT else "amount_above_remainder")


async def test_one_who_waits_for_the_trade_is_overtaken_and_decides_again(
    pool: Pool, other_pool: Pool
) -> None:
    """Of two who write one trade at once the second waits, and decides on what the first left."""
    await paid(pool)
    refunder = await hand(other_pool, Kind.REFUND)
    (held,) = await refunder.holds(refund(amount_fen=1000))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE trade SET reserved_fen = 15000, revision = revision + 1 WHERE charge_code = 'C1'"
        )
        waiting = asyncio.create_task(refunder.settles(started(held)))
        await until_blocked(pool)
    assert states(await waiting) == ["rejected"]
    assert (await trade(pool))["reserved_fen"] == 15000


async def test_settlements_of_one_trade_in_one_batch_follow_each_other(pool: Pool) -> None:
    """In one batch each decides on what the one before it made of the trade; versions have no gap."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    amounts = [5000, 6000, 5000, 4800]
    batch = await worker.holds(*[refund(f"R{n}", amount_fen=amount) for n, amount in enumerate(amounts)])

    settled = await worker.settles(*map(started, batch))
    assert states(settled) == ["ready", "ready", "rejected", "ready"]
    assert (await trade(pool))["reserved_fen"] == 15800

    granted = [one.held for one in settled if one.held]
    assert states(await worker.settles(*map(concluded, granted))) == ["done"] * 3
    row = await trade(pool)
    assert (row["state"], row["refunded_fen"], row["reserved_fen"]) == ("refunded", 15800, 0)
    assert (row["version"], row["revision"]) == (7, 3)
    assert await events(pool) == [
        "trade.paid",
        *("refund.succeeded", "trade.partially_refunded") * 2,
        "refund.succeeded",
        "trade.refunded",
    ]
    versions = [ce_id for ce_id in await outbox(pool) if "rejected" not in ce_id]
    assert versions == [f"{MERCHANT}/C1/{version}" for version in range(1, 8)]


async def test_a_refund_is_answered_by_the_event_that_names_it(pool: Pool) -> None:
    """That is what a duplicate gets again; the event about the trade behind it names no refund."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (held,) = await worker.holds(refund(amount_fen=1000))
    (ready,) = await worker.settles(started(held))
    assert ready.held is not None
    await worker.settles(concluded(ready.held))
    row = await pool.fetchrow(
        "SELECT ce_type FROM event JOIN operation ON answer_id = ce_id AND kind = 'refund'"
    )
    assert row["ce_type"] == "refund.succeeded"


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


async def test_fifty_refunds_at_once_from_two_workers_give_what_was_paid(
    pool: Pool, other_pool: Pool
) -> None:
    """50 refunds of 10.00 on 158.00 at the same moment: exactly 15 are granted, the others refused."""
    await paid(pool)
    workers = [await hand(pool, Kind.REFUND), await hand(other_pool, Kind.REFUND)]
    batches = []
    for number, worker in enumerate(workers):
        batches.append(await worker.holds(*[refund(f"R{number}-{n}", amount_fen=1000) for n in range(25)]))

    turns = [
        worker.settles(*map(started, batch[beginning : beginning + 5]))
        for worker, batch in zip(workers, batches, strict=True)
        for beginning in range(0, 25, 5)
    ]
    results = [state for settled in await asyncio.gather(*turns) for state in states(settled)]

    assert (results.count("ready"), results.count("rejected")) == (15, 35)
    row = await trade(pool)
    assert (row["reserved_fen"], row["refunded_fen"]) == (15000, 0)
    rejected = await pool.fetchval("SELECT count(*) FROM operation WHERE reason = 'amount_above_remainder'")
    assert rejected == 35


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


@pytest.mark.parametrize("table", ["operation", "trade"])
async def test_who_waits_for_the_first_row_holds_none_of_the_later(
    pool: Pool, other_pool: Pool, table: str
) -> None:
    """Whatever the order of a batch, rows are locked in the order of their keys: nobody waits in a circle."""
    codes = ["C1", "C2", "C3", "C4"]
    await paid(pool, *codes)
    worker = await hand(other_pool, Kind.REFUND)
    held = await worker.holds(*[refund(f"R-{code}", code=code) for code in codes])
    lock = f"SELECT FROM {table} WHERE charge_code = $1 FOR NO KEY UPDATE"
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(lock, "C1")
        waiting = asyncio.create_task(worker.settles(*map(started, reversed(held))))
        await until_blocked(pool)
        for code in codes[1:]:
            await connection.execute(f"{lock} NOWAIT", code)
    assert states(await waiting) == ["ready"] * 4


async def test_two_who_write_the_same_trades_crosswise_do_not_deadlock(pool: Pool, other_pool: Pool) -> None:
    """Rows are locked in the order of their keys, whatever the order in the batch."""
    codes = [f"C{number:03}" for number in range(60)]
    await paid(pool, *codes)
    workers = [await hand(pool, Kind.REFUND), await hand(other_pool, Kind.REFUND)]
    held: list[tuple[Held, ...]] = []
    for number, worker in enumerate(workers):
        order = codes if number else codes[::-1]
        held.append(await worker.holds(*[refund(f"{number}-{c}", code=c, amount_fen=9) for c in order]))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

    await asyncio.gather(
        *[_settle_all(worker, batch) for worker, batch in zip(workers, held, strict=True)],
        hears(pool, *[told(code) for code in codes]),
        hears(other_pool, *[told(code) for code in codes[::-1]]),
    )

    await pool.execute("SELECT pg_stat_force_next_flush()")
    assert await pool.fetchval(deadlocks) == 0
    assert await pool.fetchval("SELECT sum(refunded_fen) FROM trade") == 60 * 2 * 9


async def _settle_all(worker: Hand, batch: tuple[Held, ...]) -> None:
    granted = await worker.settles(*map(started, batch))
    await worker.settles(*[concluded(one.held) for one in granted if one.held])


async def test_a_declined_refund_gives_its_reservation_back(pool: Pool) -> None:
    """What a refund held is free for others as soon as the gateway has said no."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (granted,) = await worker.granted(refund())
    assert states(await worker.settles(concluded(granted, DECLINED))) == ["done"]
    row = await trade(pool)
    assert (row["reserved_fen"], row["refunded_fen"], row["state"]) == (0, 0, "paid")
    assert await events(pool) == ["trade.paid", "refund.failed"]


async def test_nobody_can_be_both_owned_and_due(pool: Pool) -> None:
    """An operation is in somebody's hands, or due, or final: the table refuses anything between."""
    await (await hand(pool)).holds(pay())
    for change in ("due_at = now()", "owner = NULL", "state = 'done'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await pool.execute(f"UPDATE operation SET {change}")  # noqa: S608 -- from the line above
