"""What the gateway said is written down, however long the ledger is away, and only once."""

import asyncio

import asyncpg
import pytest
from tests.execution.crew import Crew, barcode, enlist, refund
from tests.sandbox.house import House

from paybus.execution import turn as module
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settled
from paybus.trades.operation import Kind


class BreakingPool:
    """A pool whose connections break at settlements: `breaks` has one word for each that is to come.

    "before" loses the statement, "after" only its answer, "" lets it go well.
    """

    def __init__(self, pool: Pool, *breaks: str) -> None:
        self._pool = pool
        self.breaks = list(breaks)

    def __getattr__(self, name: str) -> object:
        return getattr(self._pool, name)

    async def fetchrow(self, *statement: object) -> object:
        """Write a batch of settlements, or lose it, or its answer."""
        how = self.breaks.pop(0) if self.breaks else ""
        if how == "before":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        row = await self._pool.fetchrow(*statement)
        if how == "after":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return row


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(module, "SETTLE_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("breaks", [["before"] * 5, ["after"], ["before", "after", "before"]])
async def test_an_outcome_waits_for_the_ledger(pool: Pool, house: House, breaks: list[str]) -> None:
    """Paid is written when the ledger is back, by the one who heard it, without asking or sending again."""
    payer = await enlist(BreakingPool(pool, *breaks), house)
    await payer.takes(barcode())
    assert payer.pool.breaks == []
    assert (await payer.state("C1"), await payer.events()) == ("done", ["trade.paid"])
    assert payer.journal.operations == ["pay"]


@pytest.mark.parametrize("breaks", [["before"], ["after"], ["", "after"], ["after", "after"]])
async def test_a_refund_is_granted_once_however_the_ledger_breaks_off(
    pool: Pool, house: House, breaks: list[str]
) -> None:
    """Its amount is reserved once, it is sent once, and counted once."""
    await (await enlist(pool, house)).takes(barcode())
    refunder = await enlist(BreakingPool(pool, *breaks), house, Kind.REFUND)
    await refunder.takes(refund())
    trade = await refunder.trade()
    assert (trade["refunded_fen"], trade["reserved_fen"], await refunder.state("R1")) == (5000, 0, "done")
    assert [kind for kind, *_ in house.effects()] == ["charge", "refund"]


async def test_a_cancelled_turn_does_not_lose_what_it_gave_to_be_written(payer: Crew) -> None:
    """Whoever stops waiting for the ledger does not take back what the gateway said."""
    (held,) = await payer.accepts(barcode())
    settlements, written = payer.turns._settlements, asyncio.Event()
    submit = settlements.submit

    async def submit_and_tell(settlement: object) -> Settled:
        waiting = asyncio.ensure_future(submit(settlement))  # type: ignore[arg-type]
        await asyncio.sleep(0)  # it is in the queue now
        written.set()
        return await waiting

    payer.turns._settlements.submit = submit_and_tell  # type: ignore[assignment,method-assign]
    turn = asyncio.create_task(payer.turns.take(held))
    await written.wait()
    turn.cancel()
    await asyncio.wait({turn})
    assert turn.cancelled()
    async with asyncio.timeout(30):
        while await payer.state("C1") != "done":  # noqa: ASYNC110 -- the ledger has no bell
            await asyncio.sleep(0.001)
    assert await payer.events() == ["trade.paid"]
