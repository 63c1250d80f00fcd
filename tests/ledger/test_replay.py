"""Replays are counted by where a record first stood, and by nobody twice."""

import asyncio

from tests.ledger.house import MERCHANT, hand, paid, pay, refund

from paybus.contracts.dead_letter import Origin
from paybus.ledger.pool import Pool
from paybus.ledger.replay import count_replays, note_replay, standing_of
from paybus.trades.operation import OperationState

ORIGIN = Origin("paybus.pay.commands.v1", 3, 7, 1_769_846_400_000)
MADE_ANEW = Origin("paybus.pay.commands.v1", 3, 7, 1_769_846_400_001)


async def test_replays_are_counted_one_by_one(pool: Pool) -> None:
    """Each is one more, and what was never sent again is not there."""
    assert await count_replays(pool, [ORIGIN]) == {}
    assert await note_replay(pool, ORIGIN, before=0)
    assert await note_replay(pool, ORIGIN, before=1)
    assert await count_replays(pool, [MADE_ANEW, ORIGIN]) == {ORIGIN: 2}
    assert await count_replays(pool, []) == {}


async def test_two_at_once_are_one_replay(pool: Pool, other_pool: Pool) -> None:
    """Of all who saw the same count only one may send; the others are told."""
    tries = [note_replay(one, ORIGIN, before=0) for one in (pool, other_pool) for _ in range(5)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 9 + [True]
    assert await count_replays(pool, [ORIGIN]) == {ORIGIN: 1}


async def test_what_stands_under_a_key_is_told(pool: Pool) -> None:
    """A free key, an open operation, an answered one: each with the meaning that it was accepted with."""
    await paid(pool, "C1")
    worker = await hand(pool)
    assert await standing_of(pool, pay("C3").operation) is None
    await worker.holds(pay("C2"))
    open_one = await standing_of(pool, pay("C2").operation)
    assert open_one is not None
    assert (open_one.state, open_one.answer_id) == (OperationState.READY, None)
    answered = await standing_of(pool, pay("C1").operation)
    assert answered is not None
    assert answered.fingerprint == pay("C1").fingerprint
    assert (answered.state, answered.answer_id) == (OperationState.DONE, f"{MERCHANT}/C1/1")


async def test_keys_of_other_kinds_are_others(pool: Pool) -> None:
    """A refund whose number is a paid trade's code is not that pay."""
    await paid(pool, "C1")
    assert await standing_of(pool, refund("C1", code="C1").operation) is None
