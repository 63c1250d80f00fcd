"""A restored ledger doubts what it has open: all of it at once, alone, and as often as one likes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.ledger.house import UNKNOWN, concluded, hand, paid, pay, refund, started
from tests.ledger.sides import MemorySide, PostgresSide, Side, alike
from tests.ledger.tables import operation, until_blocked

from paybus.ledger.errors import LedgerInUseError
from paybus.ledger.pool import Pool
from paybus.ledger.restoration import (
    Doubted,
    End,
    doubt_everything,
    doubts_about,
    living_services,
    open_operations,
)
from paybus.ledger.worker import beat, enroll
from paybus.trades.operation import Kind

END = End("pays", 1, 8)


@pytest.fixture(params=["postgres", "memory"])
def side(request: pytest.FixtureRequest) -> Side:
    """Give a ledger of each sort, one after the other."""
    if request.param == "memory":
        return MemorySide()
    return PostgresSide(request.getfixturevalue("pool"), request.getfixturevalue("database_url"))


async def doubts(side: Side, *ends: End, hung_seconds: float = 300.0) -> list[Doubted]:
    """Doubt everything; whoever has beaten is silent since."""
    return await doubt_everything(side.pool, ends, lease_seconds=0.0, hung_seconds=hung_seconds)


async def test_everything_open_is_free_due_and_quiet_later(side: Side) -> None:
    """Held or not, in whatever state: only what waits is marked, what is final stays as it is."""
    await paid(side.pool, "P1")
    payer, refunder = await hand(side.pool), await hand(side.pool, Kind.REFUND)
    (unknown, _) = await payer.holds(pay("C1"), pay("C2"))
    await payer.settles(concluded(unknown, UNKNOWN))
    await refunder.holds(refund("R1", code="P1", amount_fen=10))
    found = await doubts(side)
    assert found == [
        Doubted("pay", "ready", 1, unknown.operation.amount_fen),
        Doubted("pay", "unknown", 1, unknown.operation.amount_fen),
        Doubted("refund", "waiting", 1, 10),
    ]
    final, *rows = await side.rows("operation")
    assert (final["state"], final["turn"], final["due_at"], final["doubted_at"]) == ("done", 1, None, None)
    assert alike(final["quiet_since"], 0.0)
    assert [row["owned"] for row in rows] == [False] * 3
    assert all(alike([row["due_at"], row["quiet_since"]], [0.0, 300.0]) for row in rows)
    assert [row["doubted_at"] is not None for row in rows] == [False, False, True]


async def test_a_second_time_changes_nothing_more(side: Side) -> None:
    """Whoever is not sure whether it was done does it again."""
    await (await hand(side.pool, Kind.REFUND)).holds(refund("R1"))
    first, before = await doubts(side, END), await side.rows("operation")
    second, after = await doubts(side, END), await side.rows("operation")
    assert first == second
    assert alike([{**row, "turn": 0} for row in before], [{**row, "turn": 0} for row in after])


async def test_a_shorter_patience_takes_nothing_back(side: Side) -> None:
    """What is to be believed late is not believed sooner because somebody asks again."""
    await (await hand(side.pool)).holds(pay())
    await doubts(side, END, hung_seconds=300.0)
    await doubts(side, replace(END, offset=3), hung_seconds=1.0)
    (row,) = await side.rows("operation")
    assert alike(row["quiet_since"], 300.0)
    (doubt,) = (await doubts_about(side.pool, "pays")).values()
    assert doubt.until_offset == 8


async def test_nothing_is_done_while_a_worker_lives(side: Side) -> None:
    """By the ledger's clock; the error names the services, and nothing is written."""
    worker, other = await hand(side.pool), await hand(side.pool, Kind.CANCEL)
    await worker.holds(pay())
    await side.falls_silent(other.worker_id, 100)
    with pytest.raises(LedgerInUseError, match=r"^pay$"):
        await doubt_everything(side.pool, [END], lease_seconds=50.0, hung_seconds=1.0)
    assert await living_services(side.pool, lease_seconds=50.0) == ["pay"]
    assert (await side.rows("operation"))[0]["owned"]
    assert await doubts_about(side.pool, "pays") == {}


async def test_who_was_silent_is_dead(side: Side) -> None:
    """A process that was frozen when its ledger was restored ends as soon as it wakes."""
    worker = await hand(side.pool)
    (held,) = await worker.holds(pay())
    await doubts(side)
    assert not await beat(side.pool, worker.worker_id)
    (settled,) = await worker.settles(concluded(held))
    assert settled.lost


async def test_records_below_the_end_are_doubted(side: Side) -> None:
    """By topic and partition; one at the end is new."""
    await doubts(side, END, End("pays", 0, 0), End("refunds", 1, 5))
    found = await doubts_about(side.pool, "pays")
    assert sorted(found) == [0, 1]
    assert [found[1].of(7) is not None, found[1].of(8), found[0].of(0)] == [True, None, None]


async def test_a_doubted_command_is_due_and_nobodys(side: Side) -> None:
    """It enters like a new one; the worker that brought it has to claim it, and sees that it is doubted."""
    worker = await hand(side.pool, Kind.REFUND)
    quiet_since = datetime.now(UTC) + timedelta(seconds=100)
    accepted = await worker.accepts(replace(refund("R1"), quiet_since=quiet_since), refund("R2"))
    assert ([held.operation.key for held in accepted.held], accepted.doubted) == (["R2"], 1)
    row, new = await side.rows("operation")
    assert (row["owned"], new["owned"], new["doubted_at"]) == (False, True, None)
    assert alike([row["due_at"], row["doubted_at"], row["quiet_since"]], [0.0, 0.0, 100.0])
    (held,) = await worker.claims()
    assert (held.doubted, held.operation.key) == (True, "R1")
    assert alike(held.quiet_seconds, -100.0)


async def test_the_doubt_ends_when_it_is_certain_that_nothing_happened(side: Side) -> None:
    """A look at the trade leaves it as it is; the gateway's word takes it away."""
    worker = await hand(side.pool, Kind.REFUND)
    await worker.accepts(replace(refund("R1"), quiet_since=datetime.now(UTC)))
    (held,) = await worker.claims()
    looked = replace(started(held), outcome=UNKNOWN)
    await worker.settles(looked)
    assert (await side.rows("operation"))[0]["doubted_at"] is not None
    await side.passes(100)
    (held,) = await worker.claims()
    await worker.settles(started(held))
    assert (await side.rows("operation"))[0]["doubted_at"] is None


async def test_what_is_open_can_be_counted_without_touching_it(pool: Pool) -> None:
    """The preview says what would be asked about."""
    await (await hand(pool)).holds(pay("C1"), pay("C2"))
    before = await operation(pool, "C1")
    (found,) = await open_operations(pool)
    assert (found.kind, found.state, found.count) == ("pay", "ready", 2)
    assert (await operation(pool, "C1"))["turn"] == before["turn"]


async def test_who_enrolls_meanwhile_waits(pool: Pool, other_pool: Pool) -> None:
    """A worker that starts at this moment reads which records are doubted when that is written."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE worker IN SHARE ROW EXCLUSIVE MODE")
        enrolling = asyncio.create_task(enroll(other_pool, uuid4(), "pay"))
        await until_blocked(pool)
        assert not enrolling.done()
    await enrolling
