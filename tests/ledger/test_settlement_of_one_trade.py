"""settle(): many who write one trade at once, each decided on the trade as it is."""

import asyncio
from dataclasses import replace

import pytest
from tests.ledger.house import (
    AMOUNT,
    MERCHANT,
    NOTHING_SENT,
    Hand,
    cancel,
    concluded,
    hand,
    hears,
    paid,
    pay,
    refund,
    started,
    states,
    told,
)
from tests.ledger.tables import (
    events,
    operation,
    outbox,
    trade,
    until_blocked,
)

from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settlement
from paybus.trades.operation import Kind
from paybus.trades.trade import TradeState


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
