"""Claims: what is due goes to one worker, the longest due first; what is given back is due again."""

import asyncio
from datetime import timedelta

import pytest
from tests.ledger.house import (
    AMOUNT,
    LAG_SECONDS,
    UNKNOWN,
    Hand,
    concluded,
    hand,
    paid,
    pay,
    refund,
    started,
)
from tests.ledger.tables import operation, passes

from paybus.ledger.claim import count_waiting, release
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind
from paybus.trades.trade import TradeState


async def unknown(pool: Pool, *keys: str) -> None:
    """Have pays of which the gateway did not tell what became of them; they are due in a second."""
    worker = await hand(pool)
    await worker.settles(*[concluded(held, UNKNOWN) for held in await worker.holds(*map(pay, keys))])


async def gives_back(worker: Hand, *operation_ids: int) -> None:
    """Give back some operations, or all."""
    await release(
        worker.pool,
        worker.worker_id,
        operation_ids or None,
        cut_off_seconds=3,
        lag_seconds=LAG_SECONDS,
    )


async def test_what_is_not_due_is_not_taken(pool: Pool) -> None:
    """Nobody asks before the time has come."""
    await unknown(pool, "C1")
    assert await (await hand(pool)).claims() == []


async def test_what_is_due_is_taken_as_it_is(pool: Pool) -> None:
    """A claimed operation comes with everything that is needed to carry it out, its trade included."""
    await unknown(pool, "C1")
    await passes(pool, 40)
    worker = await hand(pool)

    (held,) = await worker.claims()

    assert held.operation.key == "C1"
    assert held.operation.state.value == "unknown"
    assert (held.operation.asked, held.operation.amount_fen, held.turn) == (1, AMOUNT, 2)
    assert (held.command, held.fingerprint) == (pay().command, pay().fingerprint)
    assert held.trade is not None
    assert (held.trade.trade.state, held.trade.trade.version) == (TradeState.UNKNOWN, 1)
    assert held.quiet_seconds == pytest.approx(40, abs=1)
    assert 0 <= held.waited_seconds < 10
    assert (await operation(pool, "C1"))["owner"] == worker.worker_id


async def test_each_kind_is_its_own_services(pool: Pool) -> None:
    """A pay worker never gets a refund in hand."""
    await unknown(pool, "C1")
    await passes(pool)
    assert await (await hand(pool, Kind.REFUND)).claims() == []
    assert len(await (await hand(pool, Kind.PAY)).claims()) == 1


async def test_the_longest_due_come_first(pool: Pool) -> None:
    """When more is due than a worker can take, nobody waits for ever."""
    await unknown(pool, "C1", "C2", "C3", "C4")
    for number, key in enumerate(("C3", "C1", "C4", "C2")):
        await pool.execute(
            "UPDATE operation SET due_at = now() - $1::interval WHERE key = $2",
            timedelta(seconds=10 - number),
            key,
        )
    worker = await hand(pool)
    taken = [[held.operation.key for held in await worker.claims(most=2)] for _ in range(3)]
    assert taken == [["C1", "C3"], ["C2", "C4"], []]


async def test_two_workers_never_take_the_same(pool: Pool, other_pool: Pool) -> None:
    """What is due is taken by one of those who look for it at the same moment, and all of it is taken."""
    keys = [f"C{number}" for number in range(60)]
    await unknown(pool, *keys)
    await passes(pool)
    workers = [await hand(one) for one in (pool, other_pool) * 2]
    taken = await asyncio.gather(*[worker.claims(most=30) for worker in workers])
    left = await workers[0].claims()
    assert sorted(held.operation.key for batch in [*taken, left] for held in batch) == sorted(keys)


async def test_what_another_one_is_taking_is_not_waited_for(pool: Pool, other_pool: Pool) -> None:
    """A worker that hangs while it takes one operation keeps nobody from the others."""
    await unknown(pool, "C1", "C2")
    await passes(pool)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM operation WHERE key = 'C1' FOR NO KEY UPDATE")
        assert [held.operation.key for held in await (await hand(other_pool)).claims()] == ["C2"]


async def test_a_refund_that_waited_sees_its_trade_once_it_is_there(pool: Pool) -> None:
    """A refund that came before its pay is taken again with the trade that has been opened since."""
    worker = await hand(pool, Kind.REFUND)
    await worker.settles(*map(started, await worker.holds(refund())))
    await paid(pool)
    await passes(pool)
    (held,) = await worker.claims()
    assert held.trade is not None
    assert held.trade.trade.state is TradeState.PAID
    assert held.quiet_seconds is None


async def test_what_may_have_been_sent_is_given_back_for_later(pool: Pool) -> None:
    """A call that was cut off may still leave for some seconds, and is shown by the gateway after its lag."""
    worker = await hand(pool)
    await worker.holds(pay())
    await gives_back(worker)
    row = await operation(pool, "C1")
    assert (row["owner"], row["state"], row["turn"]) == (None, "ready", 1)
    assert row["due_in"] == pytest.approx(3 + LAG_SECONDS, abs=1)
    assert row["quiet_for"] == pytest.approx(-3, abs=1)


async def test_what_was_certainly_not_sent_is_given_back_for_now(pool: Pool) -> None:
    """WAITING and asked-about operations need no waiting, and no request is made up for them."""
    await unknown(pool, "C1")
    await passes(pool, 50)
    worker, refunder = await hand(pool), await hand(pool, Kind.REFUND)
    await worker.claims()
    await refunder.holds(refund())
    await gives_back(worker)
    await gives_back(refunder)
    row = await operation(pool, "R1", Kind.REFUND)
    assert (row["due_in"] <= 0, row["quiet_since"]) == (True, None)
    row = await operation(pool, "C1")
    assert row["due_in"] <= 0
    assert row["quiet_for"] == pytest.approx(50, abs=1)


async def test_only_what_is_named_and_owned_is_given_back(pool: Pool) -> None:
    """Giving back names operations, and what is not the worker's any more stays as it is."""
    worker, other = await hand(pool), await hand(pool)
    mine = await worker.holds(pay("C1"), pay("C2"))
    (others,) = await other.holds(pay("C3"))
    await gives_back(worker, mine[0].operation_id, others.operation_id)
    owners = [(await operation(pool, key))["owner"] for key in ("C1", "C2", "C3")]
    assert owners == [None, worker.worker_id, other.worker_id]


async def test_a_finished_operation_is_never_given_back(pool: Pool) -> None:
    """What has its answer is in nobody's hands and stays so."""
    await paid(pool)
    worker = await hand(pool)
    await gives_back(worker)
    row = await operation(pool, "C1")
    assert (row["state"], row["owner"], row["due_at"]) == ("done", None, None)


async def test_those_that_wait_are_counted_up_to_a_limit(pool: Pool) -> None:
    """The backlog is measured only as far as it matters; what is held or finished is not in it."""
    worker = await hand(pool, Kind.REFUND)
    await worker.settles(*map(started, await worker.holds(*[refund(f"R{number}") for number in range(5)])))
    await paid(pool, "P1")
    await (await hand(pool)).holds(pay("P2"))
    assert await count_waiting(pool, Kind.REFUND, most=100) == 5
    assert await count_waiting(pool, Kind.REFUND, most=3) == 3
    assert await count_waiting(pool, Kind.PAY, most=100) == 0


async def test_what_is_only_asked_about_is_not_counted(pool: Pool) -> None:
    """However many are unknown, they keep no command away; what a dead worker left may have to be sent."""
    await unknown(pool, "C1", "C2")
    worker = await hand(pool)
    await worker.holds(pay("C3"))
    await gives_back(worker)
    assert await count_waiting(pool, Kind.PAY, most=100) == 1
