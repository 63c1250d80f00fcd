"""settle(): operation, trade, events and outbox speak of the same outcome."""

from dataclasses import replace

from tests.ledger.house import (
    MERCHANT,
    UNKNOWN,
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
    events,
    operation,
    outbox,
    passes,
    trade,
)

from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Verdict

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


async def test_a_declined_refund_gives_its_reservation_back(pool: Pool) -> None:
    """What a refund held is free for others as soon as the gateway has said no."""
    await paid(pool)
    worker = await hand(pool, Kind.REFUND)
    (granted,) = await worker.granted(refund())
    assert states(await worker.settles(concluded(granted, DECLINED))) == ["done"]
    row = await trade(pool)
    assert (row["reserved_fen"], row["refunded_fen"], row["state"]) == (0, 0, "paid")
    assert await events(pool) == ["trade.paid", "refund.failed"]
