"""One suite for both ledgers: what PostgreSQL does, memory does, so that simulations mean something."""

from dataclasses import replace

import asyncpg
import pytest
from tests.ledger.house import (
    AMOUNT,
    MERCHANT,
    UNKNOWN,
    cancel,
    concluded,
    frees,
    hand,
    hears,
    paid,
    pay,
    refund,
    started,
    states,
    told,
)
from tests.ledger.sides import MemorySide, PostgresSide, Side, alike

from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.claim import count_waiting, release
from paybus.ledger.errors import LedgerRefusedError
from paybus.ledger.outbox import Outbox
from paybus.ledger.settlement import Settlements
from paybus.ledger.stocktaking import Stocktaking
from paybus.ledger.watch import claim_watched, follow, learn_of
from paybus.ledger.worker import _BEAT, beat
from paybus.trades.aftermath import Conclusion
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, OperationState
from paybus.trades.outcome import Facts
from paybus.trades.watch import Rules, learn


def _postgres(request: pytest.FixtureRequest) -> PostgresSide:
    return PostgresSide(request.getfixturevalue("pool"), request.getfixturevalue("database_url"))


@pytest.fixture(params=["postgres", "memory"])
def side(request: pytest.FixtureRequest) -> Side:
    """Give a ledger of each sort, one after the other."""
    return MemorySide() if request.param == "memory" else _postgres(request)


async def test_a_command_is_accepted_once(side: Side) -> None:
    """The same again is a duplicate, another meaning a conflict; the first one stands and is held."""
    worker = await hand(side.pool)
    accepted = await worker.accepts(pay(), pay())
    assert (len(accepted.held), accepted.duplicates, accepted.conflicts) == (1, 1, 0)
    again = await worker.accepts(pay(), pay(meaning="other"))
    assert (len(again.held), again.duplicates, again.conflicts) == (0, 1, 1)
    assert [row["ce_type"] for row in await side.rows("event")] == ["command.rejected"]
    (row,) = await side.rows("operation")
    assert (row["state"], row["owned"], row["due_at"], row["turn"]) == ("ready", True, None, 0)


async def test_an_outcome_is_written_in_all_four_places(side: Side) -> None:
    """Operation, trade, event and outbox speak of the same outcome."""
    await paid(side.pool)
    (row,), (trade,) = await side.rows("operation"), await side.rows("trade")
    assert (row["state"], row["answer_id"], row["owned"]) == ("done", f"{MERCHANT}/C1/1", False)
    assert (trade["state"], trade["paid_fen"], trade["version"]) == ("paid", trade["amount_fen"], 1)
    assert [row["ce_type"] for row in await side.rows("event")] == ["trade.paid"]
    assert [row["ce_id"] for row in await side.rows("outbox")] == [f"{MERCHANT}/C1/1"]


async def test_an_answer_is_given_again(side: Side) -> None:
    """Who repeats an answered command gets its answer once more, and nothing else."""
    await paid(side.pool)
    await (await hand(side.pool)).accepts(pay())
    assert [row["ce_id"] for row in await side.rows("outbox")] == [f"{MERCHANT}/C1/1"] * 2
    assert len(await side.rows("event")) == 1


async def test_only_the_owner_settles_and_only_in_its_turn(side: Side) -> None:
    """Who lost an operation writes nothing of it, nor anything of its trade."""
    worker, thief = await hand(side.pool), await hand(side.pool)
    (held,) = await worker.holds(pay())
    assert states(await thief.settles(concluded(held))) == ["lost"]
    assert states(await worker.settles(concluded(replace(held, turn=1)))) == ["lost"]
    assert states(await worker.settles(concluded(held))) == ["done"]
    assert states(await worker.settles(concluded(held))) == ["lost"]
    assert len(await side.rows("event")) == 1


async def test_a_trade_that_was_written_meanwhile_is_decided_again(side: Side) -> None:
    """Two refunds that were held at once do not both take the last money."""
    await paid(side.pool)
    one, two = await hand(side.pool, Kind.REFUND), await hand(side.pool, Kind.REFUND)
    first, second = await one.holds(refund("R1")), await two.holds(refund("R2"))
    assert states(await one.settles(started(*first))) == ["ready"]
    assert states(await two.settles(started(*second))) == ["rejected"]
    (trade,) = await side.rows("trade")
    assert (trade["reserved_fen"], trade["revision"]) == (trade["amount_fen"], 3)


async def test_a_grant_is_found_again_when_its_answer_was_lost(side: Side) -> None:
    """Settling the same start twice gives the same grant, with the turn that is valid now."""
    await paid(side.pool)
    worker = await hand(side.pool, Kind.REFUND)
    (held,) = await worker.holds(refund("R1"))
    (granted,), (again,) = await worker.settles(started(held)), await worker.settles(started(held))
    assert granted.held is not None
    assert again.held is not None
    assert (granted.held.turn, again.held.turn) == (1, 1)
    assert states(await worker.settles(concluded(again.held))) == ["done"]


async def test_no_row_may_break_the_rules_of_its_table(side: Side) -> None:
    """A decision that gives back more than was paid is refused, and nothing of its batch is written."""
    worker = await hand(side.pool)
    (held,) = await worker.holds(pay())
    assert held.trade is not None
    trade = replace(held.trade.trade, refunded_fen=Fen(1))
    conclusion = Conclusion(state=OperationState.DONE, trade=trade)
    mistaken = replace(concluded(held), decide=lambda _operation, _trade: conclusion)
    with pytest.raises(LedgerRefusedError):
        await Settlements(side.pool, worker.worker_id).write([mistaken])
    assert (await side.rows("operation"))[0]["turn"] == 0
    assert await side.rows("outbox") == []


async def test_a_lost_connection_takes_its_transaction_with_it(side: Side) -> None:
    """Its commit fails, nothing of it was written, and nobody waits for it."""
    worker = await hand(side.pool)
    await worker.holds(pay())
    connection = await side.connection()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):  # noqa: PT012 -- leaving it raises
        async with connection.transaction():
            await connection.execute(_BEAT, worker.worker_id)
            connection.terminate()
    assert await beat(side.pool, worker.worker_id)


async def test_what_is_due_is_taken_by_one(side: Side) -> None:
    """What is open is free and due again; who claims it has it alone, and knows how long it is quiet."""
    worker, other = await hand(side.pool), await hand(side.pool)
    (held,) = await worker.holds(pay())
    await worker.settles(concluded(held, UNKNOWN))
    assert await count_waiting(side.pool, Kind.PAY, most=10) == 0
    assert await other.claims() == []
    await side.passes(100)
    (claimed,) = await other.claims()
    assert (claimed.operation.state, claimed.operation.asked, claimed.turn) == (OperationState.UNKNOWN, 1, 2)
    assert 99 < (claimed.quiet_seconds or 0) < 130
    assert await worker.claims() == []


async def test_the_dead_lose_what_they_hold(side: Side) -> None:
    """READY is due when it must have shown, anything else at once; the dead neither beat nor settle."""
    await paid(side.pool)
    refunder, other = await hand(side.pool, Kind.REFUND), await hand(side.pool, Kind.REFUND)
    await refunder.granted(refund("R1", amount_fen=10))
    (waiting,) = await refunder.holds(refund("R2", amount_fen=10))
    await side.falls_silent(refunder.worker_id, 100)
    assert await frees(side.pool, Kind.REFUND) == 2
    assert not await beat(side.pool, refunder.worker_id)
    assert states(await refunder.settles(started(waiting))) == ["lost"]
    assert await count_waiting(side.pool, Kind.REFUND, most=10) == 2
    assert [one.operation.key for one in await other.claims()] == ["R1", "R2"]


@pytest.mark.parametrize("state", ["ready", "waiting"])
async def test_what_is_given_back_is_due(side: Side, state: str) -> None:
    """Only what may have been sent has to wait until it would have shown."""
    await paid(side.pool)
    worker = await hand(side.pool, Kind.REFUND)
    command = refund("R1", amount_fen=10)
    await (worker.granted(command) if state == "ready" else worker.holds(command))
    await release(side.pool, worker.worker_id, None, cut_off_seconds=20.0, lag_seconds=30.0)
    row = (await side.rows("operation"))[-1]
    expected = (
        {"due_at": 50.0, "quiet_since": 20.0} if state == "ready" else {"due_at": 0.0, "quiet_since": None}
    )
    assert alike({name: row[name] for name in expected}, expected)


async def test_what_a_worker_does_not_know_of_is_found(side: Side) -> None:
    """What is missing twice is given back."""
    worker = await hand(side.pool)
    (held,) = await worker.holds(pay())
    stocktaking = Stocktaking(side.pool, worker.worker_id, cut_off_seconds=3.0, lag_seconds=30.0)
    assert await stocktaking.take([held.operation_id]) == 0
    assert [await stocktaking.take([]), await stocktaking.take([])] == [0, 1]


async def test_a_callback_moves_its_trade_once(side: Side) -> None:
    """Paid is believed; a repeat is counted, another amount announced, and the open pay is asked about."""
    worker = await hand(side.pool)
    (held,) = await worker.holds(pay())
    await worker.settles(concluded(held, UNKNOWN))
    receipts = await hears(side.pool, told(), told(), told(digest=b"2", amount_fen=1))
    assert receipts == ["applied", "duplicate", "discrepancy"]
    assert [row["ce_type"] for row in await side.rows("event")] == [
        "trade.unknown", "trade.paid", "trade.discrepancy",
    ]  # fmt: skip
    assert len(await worker.claims()) == 1
    assert [row["times"] for row in await side.rows("callback")] == [2, 1]


async def test_a_callback_before_its_pay_is_kept(side: Side) -> None:
    """It is applied when the pay is accepted, which must not be sent then as if nobody had paid."""
    assert await hears(side.pool, told()) == ["unmatched"]
    (held,) = await (await hand(side.pool)).holds(pay())
    assert held.operation.state is OperationState.WAITING
    assert held.trade is not None
    assert held.trade.trade.state == "paid"
    assert [row["receipt"] for row in await side.rows("callback")] == ["applied"]


async def test_a_cancel_that_nobody_asked_for_becomes_his_who_asks(side: Side) -> None:
    """Until then it waits automatically; afterwards his command counts."""
    worker = await hand(side.pool)
    old = replace(pay(), expires_at=pay().asked_for_at)
    (held,) = await worker.holds(old)
    await worker.settles(concluded(held, UNKNOWN))
    assert await cancel_overdue_pays(side.pool, grace_seconds=1.0, most=9) == [(MERCHANT, "C1")]
    assert await cancel_overdue_pays(side.pool, grace_seconds=1.0, most=9) == []
    assert [row["automatic"] for row in await side.rows("operation")] == [False, True]
    await (await hand(side.pool, Kind.CANCEL)).accepts(cancel())
    assert [row["automatic"] for row in await side.rows("operation")] == [False, False]
    assert (await side.rows("operation"))[-1]["overdue"]


async def test_an_unpaid_order_is_watched_until_it_is_paid(side: Side) -> None:
    """It is found among the answers, asked about when it is due, and left alone once it is known."""
    worker = await hand(side.pool)
    command = pay()
    order = replace(command, operation=replace(command.operation, method=Method.NATIVE))
    (held,) = await worker.holds(order)
    await worker.settles(concluded(held))
    await side.passes(100)
    assert not await follow(side.pool, most=10, first_seconds=1.0)
    assert [row["reason"] for row in await side.rows("watch")] == ["customer"]
    await side.passes(100)
    (watched,) = await claim_watched(side.pool, most=10)
    assert await claim_watched(side.pool, most=10) == []
    facts = Facts(gateway_state=1, amount_fen=AMOUNT)
    lesson = await learn_of(
        side.pool,
        watched.place,
        lambda trade, announced: learn(trade, 0, ("SUCCESS", facts), announced=announced, rules=Rules()),
    )
    assert lesson is not None
    assert [row["ce_type"] for row in await side.rows("event")] == ["trade.created", "trade.paid"]
    assert await side.rows("watch") == []


async def test_the_outbox_is_read_in_order_and_by_one(side: Side) -> None:
    """A shard belongs to one relay as long as its connection lives."""
    await paid(side.pool, "C1", "C2")
    connections = [await side.connection(), await side.connection()]
    outboxes = [Outbox(connection) for connection in connections]
    for outbox in outboxes:
        await outbox.listen()
        await outbox.take_shards()
    for outbox in outboxes:
        await outbox.take_shards()
    assert sorted([*outboxes[0].shards, *outboxes[1].shards]) == list(range(16))
    pending = [one for outbox in outboxes for one in await outbox.read(10)]
    assert sorted(one.charge_code for one in pending) == ["C1", "C2"]
    await outboxes[0].delete(pending)
    assert [await outbox.read(10) for outbox in outboxes] == [[], []]
    connections[0].terminate()
    connections[1].terminate()
