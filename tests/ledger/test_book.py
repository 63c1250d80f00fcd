"""The ledger read: totals for metrics, and one trade with all that is known of it."""

from datetime import timedelta

from tests.ledger.house import (
    AMOUNT,
    MERCHANT,
    UNKNOWN,
    concluded,
    hand,
    hears,
    paid,
    pay,
    refund,
    started,
    told,
)

from paybus.ledger.book import answered, horizon, open_operations, outbox_level, timelines
from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind


async def test_what_is_open_is_counted_by_kind_and_state(pool: Pool) -> None:
    """Held and waiting operations are open; finished ones are not counted."""
    await paid(pool, "P1", "P2")
    worker, refunder = await hand(pool), await hand(pool, Kind.REFUND)
    await worker.settles(*[concluded(one, UNKNOWN) for one in await worker.holds(pay("C1"), pay("C2"))])
    await worker.holds(pay("C3"))
    await refunder.holds(refund("R1", code="P1", amount_fen=100))
    await pool.execute(
        "UPDATE operation SET accepted_at = now() - $1::interval WHERE key = 'C2'", timedelta(seconds=100)
    )

    found = {(one.kind, one.state): one for one in await open_operations(pool)}

    assert {key: (one.count, one.amount_fen) for key, one in found.items()} == {
        ("pay", "unknown"): (2, 2 * AMOUNT),
        ("pay", "ready"): (1, AMOUNT),
        ("refund", "waiting"): (1, 100),
    }
    assert 100 <= found["pay", "unknown"].oldest_seconds < 110
    assert 0 <= found["pay", "ready"].oldest_seconds < 10


async def test_nothing_open_is_an_empty_list(pool: Pool) -> None:
    """A quiet ledger has no open operations and no backlog."""
    await paid(pool)
    assert await open_operations(pool) == []


async def test_the_backlog_is_measured_by_number_and_age(pool: Pool) -> None:
    """How much waits to go out, and since when."""
    assert (await outbox_level(pool)).pending == 0
    assert (await outbox_level(pool)).oldest_seconds == 0
    await paid(pool, "C1", "C2")
    await pool.execute("UPDATE outbox SET since = now() - interval '7 seconds' WHERE ce_id LIKE '%C1%'")
    level = await outbox_level(pool)
    assert level.pending == 2
    assert 7 <= level.oldest_seconds < 17


async def test_a_timeline_has_all_that_is_known_of_a_trade(pool: Pool) -> None:
    """Trade, operations, events and callbacks, each the oldest first, and nothing of other trades."""
    await paid(pool, "C1", "C10")
    refunder = await hand(pool, Kind.REFUND)
    for number in range(12):
        granted = await refunder.granted(refund(f"R{number}", amount_fen=100))
        await refunder.settles(*map(concluded, granted))
    await hears(pool, told("C1"), told("C10"))

    (timeline,) = await timelines(pool, "C1")

    assert (timeline.trade["state"], timeline.trade["refunded_fen"]) == ("partially_refunded", 1200)
    assert [row["key"] for row in timeline.operations] == ["C1", *[f"R{number}" for number in range(12)]]
    assert {row["state"] for row in timeline.operations} == {"done"}
    assert [row["ce_id"] for row in timeline.events] == [f"{MERCHANT}/C1/{n}" for n in range(1, 26)]
    assert [row["receipt"] for row in timeline.callbacks] == ["stale"]


async def test_an_unknown_trade_has_no_timeline(pool: Pool) -> None:
    """Nothing is known of a code that nobody asked a payment for."""
    assert await timelines(pool, "C1") == []


async def test_reading_takes_nothing_away(pool: Pool) -> None:
    """People and metrics may look as often as they like."""
    await paid(pool)
    before = await Outbox(pool).read(10)
    await timelines(pool, "C1")
    await open_operations(pool)
    assert await Outbox(pool).read(10) == before


async def test_answers_are_read_on_from_where_the_last_look_stopped(pool: Pool) -> None:
    """Every final answer is read once, in the order of answers, with what it was; open operations are not."""
    known = await horizon(pool)
    await paid(pool, "C1", "C2")
    worker, refunder = await hand(pool), await hand(pool, Kind.REFUND)
    await worker.settles(*[concluded(one, UNKNOWN) for one in await worker.holds(pay("C3"))])
    refused = await refunder.holds(refund(code="C1", amount_fen=AMOUNT + 1))
    await refunder.settles(*map(started, refused))
    until = (await pool.fetchval("SELECT now()")) + timedelta(seconds=1)

    first = await answered(pool, (known.now, 0), until=until, most=2)
    rest = await answered(pool, (first[-1].answered_at, first[-1].operation_id), until=until, most=10)

    assert [(one.kind, one.state, one.ce_type) for one in first + rest] == [
        ("pay", "done", "trade.paid"),
        ("pay", "done", "trade.paid"),
        ("refund", "rejected", "command.rejected"),
    ]
    assert await answered(pool, (rest[-1].answered_at, rest[-1].operation_id), until=until, most=10) == []


async def test_the_horizon_lies_before_whatever_is_still_being_written(pool: Pool, other_pool: Pool) -> None:
    """An answer is dated from the beginning of its transaction: the horizon waits for the oldest of them."""
    async with other_pool.acquire() as connection, connection.transaction():
        begun = await connection.fetchval("SELECT now()")
        known = await horizon(pool)
        assert known.complete_until < begun <= known.now
