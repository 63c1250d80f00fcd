"""A batch becomes durable, whole, whatever is away meanwhile; and only then does take() return."""

import asyncio
from typing import Any

import pytest
from tests.intake.house import BreakingPool, Cemetery, away, open_house
from tests.intake.records import PAY, Consumed, record
from tests.intake.subscribers import subscribed, until_committed
from tests.intake.topics import Topic
from tests.kafka.apache import ApacheKafka

from paybus.ledger.errors import LedgerRefusedError
from paybus.ledger.pool import Pool

JUNK = Consumed(b"junk", headers=[("x", None)], offset=8)


def pay(code: str, **changed: Any) -> Consumed:
    """Give a record that asks for a payment."""
    return record({**PAY, "charge_code": code, **changed})


async def events(pool: Pool) -> list[str]:
    """Give the types of the events that are to go out."""
    rows = await pool.fetch("SELECT ce_type FROM outbox JOIN event USING (ce_id) ORDER BY outbox_id")
    return [row["ce_type"] for row in rows]


async def codes(pool: Pool) -> list[str]:
    """Give the charge codes that are accepted."""
    return [row["key"] for row in await pool.fetch("SELECT key FROM operation ORDER BY key")]


async def test_each_record_of_a_batch_goes_its_way(pool: Pool) -> None:
    """Commands are accepted and handed over, what is refused is answered, what nobody understands is kept."""
    cemetery = Cemetery()
    house = await open_house(pool, cemetery)
    batch = [pay("A1"), JUNK, pay("A2", amount_fen=0), pay("A3"), pay("A1"), pay("A3", amount_fen=7)]
    await house.intake.take(batch)
    assert await codes(pool) == ["A1", "A3"]
    assert [held.operation.key for held in house.handed_over] == ["A1", "A3"]
    assert [value for _, value, _ in cemetery.letters] == [b"junk"]
    assert await events(pool) == ["command.rejected", "command.rejected"]
    results = ("accepted", "duplicate", "rejected", "dead_letter")
    assert [house.counted(result) for result in results] == [2, 1, 2, 1]


async def test_a_batch_of_nothing_but_dead_letters_is_counted(pool: Pool) -> None:
    """An alert that counts dead letters must see those that came alone."""
    house = await open_house(pool)
    await house.intake.take([JUNK, JUNK])
    assert house.counted("dead_letter") == 2


async def test_a_batch_that_comes_again_is_not_accepted_again(pool: Pool) -> None:
    """Redelivered, a batch hands nothing over; who was refused is answered with the same event."""
    house = await open_house(pool)
    batch = [pay("A1"), pay("A2", amount_fen=0)]
    await house.intake.take(batch)
    await house.intake.take(batch)
    assert [held.operation.key for held in house.handed_over] == ["A1"]
    ids = [row["ce_id"] for row in await pool.fetch("SELECT ce_id FROM outbox")]
    assert (len(ids), len(set(ids))) == (2, 1)


@pytest.mark.usefixtures("no_pauses")
async def test_letters_wait_for_their_topic(pool: Pool) -> None:
    """While the dead-letter topic is away the batch waits; then each letter is there once."""
    cemetery = Cemetery(away(3))
    house = await open_house(pool, cemetery)
    await house.intake.take([pay("A1"), JUNK])
    assert (cemetery.refused, len(cemetery.letters)) == (3, 1)
    assert [held.operation.key for held in house.handed_over] == ["A1"]


async def test_without_the_letters_nothing_is_committed(kafka: ApacheKafka, pool: Pool) -> None:
    """A dead letter that is nowhere must not be passed: the offset stays before it, also for the commands."""
    cemetery = Cemetery(away(10_000))
    house = await open_house(pool, cemetery)
    topic = Topic(kafka)
    topic.send([pay("A1").value, b"junk"])
    async with subscribed(topic, house.intake.take):
        async with asyncio.timeout(60):
            while cemetery.refused < 2:  # noqa: ASYNC110 -- the cemetery has no bell
                await asyncio.sleep(0.01)
        assert (topic.committed(), await codes(pool)) == (0, [])
        cemetery.errors.clear()
        await until_committed(topic, 2)
    assert (await codes(pool), len(cemetery.letters)) == (["A1"], 1)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    "breaks", [["before"] * 3, ["after"], ["", "before"], ["", "after"], ["", "", "before"]]
)
async def test_nothing_is_lost_when_the_ledger_breaks_off(pool: Pool, breaks: list[str]) -> None:
    """At whichever statement the connection breaks, before or after the commit, everything is in the ledger.

    A rejection and a duplicate make the batch use every statement there is.
    """
    house = await open_house(BreakingPool(pool))
    await house.intake.take([pay("A0")])
    house.intake.pool.breaks[:] = breaks  # type: ignore[attr-defined]
    await house.intake.take([pay("A1"), pay("A2", amount_fen=0), pay("A0", amount_fen=7)])
    assert house.intake.pool.breaks == []  # type: ignore[attr-defined]
    assert await codes(pool) == ["A0", "A1"]
    assert set(await events(pool)) == {"command.rejected"}
    ids = {row["ce_id"] for row in await pool.fetch("SELECT ce_id FROM outbox")}
    assert len(ids) == 2
    assert [held.operation.key for held in house.handed_over].count("A1") <= 1


async def test_what_postgresql_refuses_is_a_failure(pool: Pool) -> None:
    """Tables of another version, say: trying again does not help, so the service has to stop and say so."""
    house = await open_house(pool)
    await pool.execute("ALTER TABLE operation DROP COLUMN fingerprint")
    with pytest.raises(LedgerRefusedError):
        await house.intake.take([pay("A1")])
    assert house.handed_over == []


async def test_nobody_takes_stock_while_operations_are_on_their_way(pool: Pool) -> None:
    """From the statement until the worker knows them the lock is held: else they would look lost."""
    house = await open_house(pool)
    giving, locked = house.intake.giving, list[bool]()
    object.__setattr__(house.intake, "hand_over", lambda _held: locked.append(giving.locked()))
    await house.intake.take([pay("A1")])
    assert (locked, giving.locked()) == ([True], False)
