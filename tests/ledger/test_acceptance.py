"""accept(): each command once, whoever brings it and however often; what was answered is answered again."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from tests.ledger.house import (
    AMOUNT,
    MERCHANT,
    asks,
    cancel,
    concluded,
    hand,
    paid,
    pay,
    refund,
    said,
    started,
    states,
)
from tests.ledger.tables import empty, operation, outbox, published, trade, until_blocked, values

from paybus.contracts.event import reject
from paybus.ledger.acceptance import accept
from paybus.ledger.held import identity_of
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.trade import TradeState


async def test_a_new_command_is_held_by_the_worker_that_brought_it(pool: Pool) -> None:
    """What accept() gives is what the next worker would read from the tables, should this one die."""
    worker = await hand(pool)
    expires_at = datetime(2026, 1, 2, 3, 5, 24, tzinfo=UTC)
    acceptance = replace(pay(), expires_at=expires_at)

    (held,) = await worker.holds(acceptance)

    assert (held.operation, held.command) == (acceptance.operation, acceptance.command)
    assert (held.turn, held.expires_at, held.quiet_seconds) == (0, expires_at, None)
    row = await operation(pool, "C1")
    assert (row["owner"], row["state"], row["due_at"]) == (worker.worker_id, "ready", None)
    assert (row["expires_at"], row["asked_for_at"]) == (expires_at, acceptance.asked_for_at)


async def test_a_pay_opens_its_trade(pool: Pool) -> None:
    """The trade is there as soon as its pay is accepted, with no event yet."""
    (held,) = await (await hand(pool)).holds(pay())
    row = await trade(pool)
    assert (row["state"], row["version"], row["revision"], row["amount_fen"]) == ("accepted", 0, 0, AMOUNT)
    assert held.trade is not None
    assert (held.trade.trade.state, held.trade.revision) == (TradeState.ACCEPTED, 0)


async def test_a_refund_is_given_with_its_trade_as_it_is(pool: Pool) -> None:
    """A refund can be decided on without another look at the ledger."""
    await paid(pool)
    (held,) = await (await hand(pool, Kind.REFUND)).holds(refund(amount_fen=1000))
    assert held.trade is not None
    assert held.trade.trade.state is TradeState.PAID
    assert held.trade.trade.paid_fen == AMOUNT
    assert held.trade.revision == (await trade(pool))["revision"]


async def test_a_refund_before_its_pay_has_no_trade(pool: Pool) -> None:
    """A refund may overtake its pay on the way: it is accepted and knows of no trade."""
    (held,) = await (await hand(pool, Kind.REFUND)).holds(refund())
    assert held.trade is None
    assert await pool.fetchval("SELECT count(*) FROM trade") == 0


async def test_the_same_key_of_two_merchants_is_two_commands(pool: Pool) -> None:
    """Keys are a merchant's own."""
    other = pay()
    other = replace(other, operation=replace(other.operation, merchant_id="0010000002"))
    assert len(await (await hand(pool)).holds(pay(), other)) == 2


async def test_one_number_may_stand_for_a_pay_and_a_refund(pool: Pool) -> None:
    """Keys are a kind's own: a refund that is numbered like its pay is another command."""
    assert len(await (await hand(pool)).holds(pay("C1"))) == 1
    assert len(await (await hand(pool, Kind.REFUND)).holds(refund("C1", code="C1"))) == 1
    assert len(await (await hand(pool, Kind.CANCEL)).holds(cancel("C1"))) == 1


async def test_an_accepted_command_is_not_accepted_again(pool: Pool) -> None:
    """A repetition of an open command is counted and changes nothing: nobody may send it a second time."""
    worker = await hand(pool)
    await worker.holds(pay())
    before = await operation(pool, "C1")

    again = await (await hand(pool)).accepts(pay())

    assert (again.held, again.duplicates, again.conflicts) == ((), 1, 0)
    assert {**before, "due_in": None} == {**await operation(pool, "C1"), "due_in": None}
    assert await outbox(pool) == []


async def test_a_repetition_inside_one_batch_is_a_repetition(pool: Pool) -> None:
    """A producer that repeats itself lands in one batch as a rule: the first counts."""
    accepted = await (await hand(pool)).accepts(pay(), pay("C2"), pay(), pay())
    assert [held.operation.key for held in accepted.held] == ["C1", "C2"]
    assert (accepted.duplicates, accepted.conflicts) == (2, 0)


async def test_another_content_inside_one_batch_is_a_conflict(pool: Pool) -> None:
    """The first of two contradicting commands stands, also when they come together."""
    accepted = await (await hand(pool)).accepts(pay(), pay(meaning="another"))
    assert (len(accepted.held), accepted.duplicates, accepted.conflicts) == (1, 0, 1)
    assert (await operation(pool, "C1"))["fingerprint"] == pay().fingerprint


async def test_the_same_key_with_another_content_is_rejected(pool: Pool) -> None:
    """Who reuses a key for something else is told so; the first command stands."""
    worker = await hand(pool)
    await worker.holds(pay())
    before = await operation(pool, "C1")

    accepted = await worker.accepts(pay(amount_fen=1))

    assert (accepted.held, accepted.duplicates, accepted.conflicts) == ((), 0, 1)
    (ce_id,) = await outbox(pool)
    assert ce_id == f"{MERCHANT}/C1/rejected/pay/C1/{pay(amount_fen=1).fingerprint.hex()}"
    row = await pool.fetchrow("SELECT ce_type, value FROM event WHERE ce_id = $1", ce_id)
    assert row["ce_type"] == "command.rejected"
    assert b'"reason":"key_conflict"' in row["value"]
    assert (await operation(pool, "C1"))["fingerprint"] == before["fingerprint"]


async def test_a_repeated_rejection_is_the_same_to_the_byte(pool: Pool) -> None:
    """A conflict that is repeated is answered again, with the same id, the same time and the same bytes."""
    worker = await hand(pool)
    await worker.holds(pay())
    for _ in range(3):
        await worker.accepts(pay(meaning="another"))
    assert len({bytes(value) for value in await values(pool)}) == 1
    assert len(await outbox(pool)) == 3
    assert await pool.fetchval("SELECT count(*) FROM event") == 1


async def test_a_rejection_by_the_reader_goes_out_with_the_batch(pool: Pool) -> None:
    """What could be read and not carried out is answered at once, and repeated with the same bytes."""
    worker = await hand(pool)
    identity = identity_of(refund().operation)
    rejection = reject(Kind.REFUND, identity, reason="amount_invalid", message="no", fingerprint=b"1")
    reworded = reject(Kind.REFUND, identity, reason="amount_invalid", message="reworded", fingerprint=b"1")
    await accept(pool, worker.worker_id, [], rejections=[rejection])
    await accept(pool, worker.worker_id, [pay()], rejections=[reworded, reworded])
    assert await outbox(pool) == [rejection.ce_id] * 3
    assert set(await values(pool)) == {rejection.value}


async def test_the_answer_of_a_finished_command_appears_again_to_the_byte(pool: Pool) -> None:
    """A repetition of a finished command has its answer sent again: same id, same time, same bytes."""
    worker = await hand(pool)
    await worker.settles(*[concluded(held) for held in await worker.holds(pay())])
    (first,) = await published(pool)
    await empty(pool, "outbox")

    accepted = await (await hand(pool)).accepts(pay(), pay())

    assert (accepted.held, accepted.duplicates) == ((), 2)
    again = await published(pool)
    assert [replace(one, outbox_id=first.outbox_id) for one in again] == [first, first]


async def test_the_answer_is_the_event_that_answered_not_the_trades_last(pool: Pool) -> None:
    """The answer of a pay stays `trade.paid`, whatever became of the trade since."""
    await paid(pool)
    refunder = await hand(pool, Kind.REFUND)
    granted = await refunder.granted(refund())
    await refunder.settles(*map(concluded, granted))
    await empty(pool, "outbox")

    await (await hand(pool)).accepts(pay())

    (again,) = await published(pool)
    assert (again.ce_type, again.ce_id) == ("trade.paid", f"{MERCHANT}/C1/1")


async def test_the_rejection_of_a_refused_command_appears_again_to_the_byte(pool: Pool) -> None:
    """A refund that was refused is refused again when it is repeated, with the words of the first time."""
    await paid(pool)
    refunder = await hand(pool, Kind.REFUND)
    too_much = refund(amount_fen=AMOUNT + 1)
    (settled,) = await refunder.settles(*map(started, await refunder.holds(too_much)))
    assert states([settled]) == ["rejected"]
    first = (await published(pool))[-1]
    await empty(pool, "outbox")

    await refunder.accepts(too_much)

    (again,) = await published(pool)
    assert replace(again, outbox_id=first.outbox_id) == first
    assert again.ce_type == "command.rejected"


async def test_the_same_batch_from_two_workers_at_once_is_accepted_once(pool: Pool, other_pool: Pool) -> None:
    """A rebalance gives the same records to two workers at the same moment: each command has one holder."""
    one, other = await hand(pool), await hand(other_pool)
    batch = [pay(f"C{number}") for number in range(100)]
    for beginning in range(0, 100, 10):
        mine = batch[beginning : beginning + 10]
        first, second = await asyncio.gather(one.accepts(*mine), other.accepts(*reversed(mine)))
        keys = [held.operation.key for held in first.held + second.held]
        assert sorted(keys) == sorted(acceptance.operation.key for acceptance in mine)
        assert first.duplicates + second.duplicates == 10
    owners = await pool.fetch("SELECT owner, count(*) FROM operation GROUP BY owner")
    assert sum(row["count"] for row in owners) == 100
    assert {row["owner"] for row in owners} <= {one.worker_id, other.worker_id}


async def test_what_waits_for_another_worker_that_fails_is_accepted(pool: Pool, other_pool: Pool) -> None:
    """If the first of two workers is rolled back, the second has the command: none is lost between them."""
    second = await hand(other_pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await accept(connection, (await hand(pool)).worker_id, [pay()])  # type: ignore[arg-type]
        waiting = asyncio.create_task(second.accepts(pay()))
        await until_blocked(pool)
        await transaction.rollback()
    assert len((await waiting).held) == 1


async def test_an_empty_batch_is_nothing(pool: Pool) -> None:
    """A batch of dead letters only leaves nothing to be accepted."""
    accepted = await (await hand(pool)).accepts()
    assert (accepted.held, accepted.duplicates, accepted.conflicts) == ((), 0, 0)


async def test_a_declined_pay_is_answered_again_too(pool: Pool) -> None:
    """The gateway's no is an answer like its yes."""
    worker = await hand(pool)
    declined = said(Verdict.DECLINED, return_code="AMT_ERROR")
    await worker.settles(*[concluded(held, declined) for held in await worker.holds(asks(Kind.PAY))])
    await empty(pool, "outbox")
    await worker.accepts(pay())
    (again,) = await published(pool)
    assert again.ce_type == "trade.declined"
