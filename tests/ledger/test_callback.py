"""Callbacks: kept, applied once and announced in one transaction, also if they come before their pay."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
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
    states,
    told,
)
from tests.ledger.tables import events, operation, outbox, snapshot, trade, until_blocked, values

from paybus.contracts.event import CallbackUnmatched, TradeEvent
from paybus.ledger.acceptance import accept
from paybus.ledger.errors import LedgerRefusedError
from paybus.ledger.matching import match_unmatched
from paybus.ledger.pool import Pool
from paybus.trades.notice import Receipt
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Facts
from paybus.trades.trade import TradeState


async def unanswered(pool: Pool, *keys: str) -> None:
    """Have pays of which the gateway did not tell what became of them."""
    worker = await hand(pool)
    await worker.settles(
        *[concluded(held, UNKNOWN) for held in await worker.holds(*map(pay, keys or ("C1",)))]
    )


async def receipts(pool: Pool) -> list[tuple[str, int]]:
    """Give what became of each callback that was kept, and how often it came."""
    rows = await pool.fetch("SELECT receipt, times FROM callback ORDER BY charge_code, first_at, digest")
    return [(row["receipt"], row["times"]) for row in rows]


async def test_news_is_applied_kept_and_announced(pool: Pool) -> None:
    """A callback that tells of a payment moves the trade, like a reply would have."""
    await unanswered(pool)
    assert await hears(pool, told()) == [Receipt.APPLIED]
    row = await trade(pool)
    assert (row["state"], row["paid_fen"], row["version"]) == ("paid", AMOUNT, 2)
    assert (row["down_code"], row["third_code"]) == ("D1", "T1")
    assert await events(pool) == ["trade.unknown", "trade.paid"]
    assert await receipts(pool) == [("applied", 1)]
    assert await pool.fetchval("SELECT body FROM callback") == told().body
    event = msgspec.json.decode((await values(pool))[-1], type=TradeEvent)
    assert (event.source, event.state, event.version) == ("callback", "paid", 2)


async def test_a_pay_that_waits_for_an_answer_is_asked_about_now(pool: Pool) -> None:
    """The callback does not settle the operation, but the gateway has an answer now: it is due at once."""
    await unanswered(pool)
    await pool.execute("UPDATE operation SET due_at = now() + interval '1 hour'")
    await hears(pool, told())
    worker = await hand(pool)
    (held,) = await worker.claims()
    assert held.trade is not None
    assert held.trade.trade.state is TradeState.PAID
    assert states(await worker.settles(concluded(held, UNKNOWN))) == ["done"]
    assert (await operation(pool, "C1"))["answer_id"] == f"{MERCHANT}/C1/2"


async def test_the_trade_is_read_anew_by_who_held_it_before_the_callback(pool: Pool) -> None:
    """A worker that decides on the trade as it was before the callback is overtaken: one `trade.paid`."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    await hears(pool, told())
    assert states(await worker.settles(concluded(held))) == ["done"]
    assert await events(pool) == ["trade.paid"]


async def test_what_we_knew_already_is_stale(pool: Pool) -> None:
    """A callback that tells what the reply told is kept, and nothing more."""
    await paid(pool)
    before = await trade(pool)
    assert await hears(pool, told()) == [Receipt.STALE]
    assert await trade(pool) == before
    assert await receipts(pool) == [("stale", 1)]
    assert await events(pool) == ["trade.paid"]


async def test_another_amount_is_a_discrepancy(pool: Pool) -> None:
    """A wrong amount is kept and announced; what we know of the money stays."""
    await paid(pool)
    assert await hears(pool, told(amount_fen=AMOUNT - 1)) == [Receipt.DISCREPANCY]
    row = await trade(pool)
    assert (row["state"], row["paid_fen"], row["amount_fen"]) == ("paid", AMOUNT, AMOUNT)
    assert await events(pool) == ["trade.paid", "trade.discrepancy"]


async def test_what_only_an_inquiry_can_prove_is_recorded(pool: Pool) -> None:
    """Any state but "paid" is kept and leads to an inquiry, not to a change."""
    await unanswered(pool)
    assert await hears(pool, told(state=2)) == [Receipt.RECORDED]
    assert (await trade(pool))["state"] == "unknown"
    assert (await operation(pool, "C1"))["due_in"] <= 0


async def test_a_repeat_is_counted_and_changes_nothing(pool: Pool) -> None:
    """The gateway repeats a callback up to 30 times: one row, one event."""
    await unanswered(pool)
    await hears(pool, told())
    before = await trade(pool)
    assert await hears(pool, told(), told()) == [Receipt.DUPLICATE, Receipt.DUPLICATE]
    assert await trade(pool) == before
    assert await receipts(pool) == [("applied", 3)]
    assert await outbox(pool) == [f"{MERCHANT}/C1/1", f"{MERCHANT}/C1/2"]


async def test_callbacks_of_one_trade_in_one_batch_follow_each_other(pool: Pool) -> None:
    """In one batch each is decided on what the one before it made of the trade."""
    await unanswered(pool)
    batch = [told(digest=b"1"), told(digest=b"2"), told(digest=b"3", amount_fen=1), told(digest=b"1")]
    assert await hears(pool, *batch) == [
        Receipt.APPLIED,
        Receipt.STALE,
        Receipt.DISCREPANCY,
        Receipt.DUPLICATE,
    ]
    assert await events(pool) == ["trade.unknown", "trade.paid", "trade.discrepancy"]
    assert await receipts(pool) == [("applied", 2), ("stale", 1), ("discrepancy", 1)]
    assert (await trade(pool))["revision"] == 2


async def test_the_same_callback_at_two_places_at_once_is_applied_once(pool: Pool, other_pool: Pool) -> None:
    """The gateway may repeat a callback before the first is answered: it is applied once."""
    codes = [f"C{number}" for number in range(20)]
    await unanswered(pool, *codes)
    for code in codes:
        both = await asyncio.gather(hears(pool, told(code)), hears(other_pool, told(code)))
        assert sorted(receipt.value for (receipt,) in both) == ["applied", "duplicate"]
        assert await events(pool, code) == ["trade.unknown", "trade.paid"]
    assert await receipts(pool) == [("applied", 2)] * 20


async def test_a_callback_for_nobody_is_kept_and_announced_once(pool: Pool) -> None:
    """A trade that we have not been asked for: kept, one `callback.unmatched`, and SUCCESS to the gateway."""
    assert await hears(pool, told()) == [Receipt.UNMATCHED]
    assert await hears(pool, told()) == [Receipt.DUPLICATE]
    assert await receipts(pool) == [("unmatched", 2)]
    (value,) = await values(pool)
    event = msgspec.json.decode(value, type=CallbackUnmatched)
    assert (event.charge_code, event.gateway_state, event.amount_fen) == ("C1", 1, AMOUNT)


async def test_facts_that_were_not_told_are_kept_as_such(pool: Pool) -> None:
    """A callback without an amount poisons nothing: it contradicts the trade, which has one."""
    silent = replace(told(), facts=Facts())
    assert await hears(pool, silent) == [Receipt.UNMATCHED]
    await unanswered(pool)
    assert await receipts(pool) == [("discrepancy", 1)]
    assert await hears(pool, replace(silent, digest=b"2")) == [Receipt.DISCREPANCY]


async def test_a_callback_before_its_pay_is_applied_when_the_pay_comes(pool: Pool) -> None:
    """Kept and matched later: the trade starts with what was told, and the pay is not simply sent."""
    await hears(pool, told())
    worker = await hand(pool)

    other, held = await worker.holds(pay("C0"), pay("C1"))

    assert await receipts(pool) == [("applied", 1)]
    assert await events(pool) == ["trade.paid"]
    assert held.trade is not None
    assert (held.trade.trade.state, held.trade.trade.version) == (TradeState.PAID, 1)
    assert held.operation.state is OperationState.WAITING
    assert other.operation.state is OperationState.READY
    assert states(await worker.settles(started(held))) == ["done"]
    assert (await operation(pool, "C1"))["answer_id"] == f"{MERCHANT}/C1/1"


async def test_a_callback_that_does_not_fit_its_later_pay_is_a_discrepancy(pool: Pool) -> None:
    """What was kept is judged like any callback: with another amount it is announced and not applied."""
    await hears(pool, told(amount_fen=1), told(digest=b"2", state=2))
    (held,) = await (await hand(pool)).holds(pay())
    assert sorted(await receipts(pool)) == [("discrepancy", 1), ("recorded", 1)]
    assert await events(pool) == ["trade.discrepancy"]
    assert held.trade is not None
    assert (held.trade.trade.state, held.trade.trade.version) == (TradeState.ACCEPTED, 1)


async def test_the_gateways_names_survive_the_waiting(pool: Pool) -> None:
    """The numbers of gateway and wallet that came with an unmatched callback reach the trade."""
    await hears(pool, told())
    await (await hand(pool)).holds(pay())
    row = await trade(pool)
    assert (row["down_code"], row["third_code"]) == ("D1", "T1")


async def test_only_pays_are_matched(pool: Pool) -> None:
    """A refund opens no trade, so the callback goes on waiting."""
    await hears(pool, told())
    await (await hand(pool, Kind.REFUND)).holds(refund())
    assert await receipts(pool) == [("unmatched", 1)]


async def test_a_pay_and_its_callback_at_the_same_moment_find_each_other(
    pool: Pool, other_pool: Pool
) -> None:
    """Whichever commits later finds the other: no callback stays unmatched beside its trade."""
    worker = await hand(pool)
    codes = [f"C{number}" for number in range(40)]
    for code in codes:
        await asyncio.gather(worker.holds(pay(code)), hears(other_pool, told(code)))
        assert await events(pool, code) == ["trade.paid"]
    assert await receipts(pool) == [("applied", 1)] * 40


async def test_a_pay_that_commits_after_its_callback_looks_for_it(pool: Pool, other_pool: Pool) -> None:
    """The callback is kept while its pay is being accepted, neither seeing the other: the pay looks."""
    worker = await hand(other_pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await accept(connection, worker.worker_id, [pay("C2")])  # type: ignore[arg-type]
        accepting = asyncio.create_task(worker.holds(pay("C1"), pay("C2")))
        await until_blocked(pool)
        assert await hears(pool, told("C1")) == [Receipt.UNMATCHED]
        await transaction.rollback()
    held, _ = await accepting
    assert await receipts(pool) == [("applied", 1)]
    assert held.trade is not None
    assert held.trade.trade.state is TradeState.PAID


async def test_a_callback_that_commits_after_its_pay_looks_for_it(pool: Pool, other_pool: Pool) -> None:
    """The pay is accepted while its callback is being kept, neither seeing the other: that looks."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO callback (merchant_id, charge_code, digest, receipt, body)"
            " VALUES ($1, 'C2', $2, 'unmatched', '')",
            MERCHANT,
            told("C2").digest,
        )
        keeping = asyncio.create_task(hears(other_pool, told("C1"), told("C2")))
        await until_blocked(pool)
        await (await hand(pool)).holds(pay("C1"))
        await transaction.rollback()
    assert await keeping == [Receipt.UNMATCHED, Receipt.UNMATCHED]
    assert await receipts(pool) == [("applied", 1), ("unmatched", 1)]
    assert await events(pool, "C1") == ["trade.paid"]


async def test_a_match_that_was_cut_off_is_made_up_for(pool: Pool) -> None:
    """Whoever died between writing and looking for the other left it unmatched: each repeat looks again."""
    await hears(pool, told(), told("C2"))
    await pool.execute("UPDATE callback SET charge_code = charge_code || '-hidden'")
    worker = await hand(pool)
    await worker.holds(pay("C1"), pay("C2"))
    await pool.execute("UPDATE callback SET charge_code = split_part(charge_code, '-', 1)")
    assert await receipts(pool) == [("unmatched", 1)] * 2

    assert await hears(pool, told("C1")) == [Receipt.DUPLICATE]  # the gateway repeats the callback
    assert await receipts(pool) == [("applied", 2), ("unmatched", 1)]
    await worker.accepts(pay("C2"))  # Kafka repeats the pay
    assert await receipts(pool) == [("applied", 2), ("applied", 1)]
    assert [await events(pool, code) for code in ("C1", "C2")] == [["trade.paid"]] * 2


async def test_two_who_match_the_same_callback_apply_it_once(pool: Pool, other_pool: Pool) -> None:
    """Matching is done under the trade's lock: the second finds nothing left."""
    await hears(pool, told())
    await pool.execute("UPDATE callback SET charge_code = 'hidden'")
    await (await hand(pool)).holds(pay())
    await pool.execute("UPDATE callback SET charge_code = 'C1'")
    place = (MERCHANT, "C1")
    both = await asyncio.gather(*[match_unmatched(one, [place]) for one in (pool, other_pool) * 3])
    assert await events(pool) == ["trade.paid"]
    assert {one[place].trade.version for one in both if one} == {1}


async def test_nothing_is_half_kept(pool: Pool) -> None:
    """If the trade cannot be written, the callback is not kept either: the gateway will repeat it."""
    await unanswered(pool)
    before = await snapshot(pool)
    await pool.execute("ALTER TABLE event ADD CONSTRAINT never CHECK (ce_type <> 'trade.paid') NOT VALID")
    with pytest.raises(LedgerRefusedError, match="never"):
        await hears(pool, told())
    assert await snapshot(pool) == before
