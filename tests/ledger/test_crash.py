"""A server killed in the middle of its work: what was reported as written is there, and nothing by half."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from tests.ledger.house import UNKNOWN, Hand, concluded, frees, hand, pay, told
from tests.ledger.tables import passes

from paybus.ledger.acceptance import accept
from paybus.ledger.callback import receive
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.held import Held
from paybus.ledger.migration import migrate
from paybus.ledger.pool import Pool, open_pool
from paybus.ledger.settlement import Settled, Settlement, Settlements
from paybus.ledger.stocktaking import Stocktaking
from paybus.runtime.embedded_postgres import EmbeddedPostgres

KILLS = 3
ENOUGH = 150
"""Outcomes that are reported before each kill: some thousand rows are on their way."""

_HALF = """
SELECT o.key, o.state, t.state AS trade_state, t.version, count(e.ce_id) AS events
FROM operation o FULL JOIN trade t ON t.charge_code = o.key
     LEFT JOIN event e ON e.charge_code = t.charge_code AND e.ce_type NOT LIKE 'callback%'
GROUP BY 1, 2, 3, 4
"""


@dataclass
class Load:
    """Tasks that accept and settle as fast as they can, and what was reported to them as written."""

    worker: Hand
    group: GroupCommit[Settlement, Settled]
    accepted: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    in_doubt: list[Held] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: int = 0
    names: "count[int]" = field(default_factory=count)

    async def run(self) -> None:
        """Return when the ledger is away."""
        self.wanted = len(self.settled) + ENOUGH
        self.enough.clear()
        await asyncio.gather(*[self._accept_and_settle() for _ in range(4)], self._hear())

    async def _accept_and_settle(self) -> None:
        while True:
            batch = [pay(f"C{next(self.names)}") for _ in range(10)]
            try:
                held = (await accept(self.worker.pool, self.worker.worker_id, batch)).held
            except LedgerUnavailableError:
                return
            self.accepted.update(one.operation.key for one in held)
            results = await asyncio.gather(*map(self._settle, held))
            if not all(results):
                return

    async def _settle(self, held: Held) -> bool:
        try:
            settled = await self.group.submit(concluded(held))
        except LedgerUnavailableError:
            self.in_doubt.append(held)
            return False
        assert not settled.lost
        self.settled.add(held.operation.key)
        if len(self.settled) >= self.wanted:
            self.enough.set()
        return True

    async def _hear(self) -> None:
        while True:
            code = f"X{next(self.names)}"
            try:
                await receive(self.worker.pool, [told(code)])
            except LedgerUnavailableError:
                return
            self.heard.add(code)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Give a server of the test's own that writes to the disk before it answers."""
    server = EmbeddedPostgres(tmp_path / "postgres", fsync=True)
    await asyncio.to_thread(server.start)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.kill)


async def test_what_was_reported_survives_a_kill_and_nothing_is_half_written(
    server: EmbeddedPostgres,
) -> None:
    """Three times in the middle of the load: every report holds, and operation, trade and event agree."""
    url = server.create_database("ledger")
    migrate(url)
    async with open_pool(url, application_name="tests") as pool:
        worker = await hand(pool)
        load = Load(worker, GroupCommit(Settlements(pool, worker.worker_id).write))
        for _ in range(KILLS):
            running = asyncio.create_task(load.run())
            await load.enough.wait()
            await asyncio.to_thread(server.kill)
            await running
            await asyncio.to_thread(server.start)
            await _check_reports(pool, load)
            await _check_halves(pool)
            await _settle_what_is_in_doubt(pool, load)
        await _settle_what_nobody_was_told_of(pool, load)


async def _check_reports(pool: Pool, load: Load) -> None:
    rows = await pool.fetch("SELECT key, state FROM operation")
    states = {row["key"]: row["state"] for row in rows}
    assert load.accepted <= states.keys()
    assert {states[key] for key in load.settled} == {"done"}
    outbox = {row[0] for row in await pool.fetch("SELECT charge_code FROM outbox JOIN event USING (ce_id)")}
    assert load.settled <= outbox
    assert load.heard <= outbox
    assert load.heard <= {row[0] for row in await pool.fetch("SELECT charge_code FROM callback")}


async def _check_halves(pool: Pool) -> None:
    kinds = {tuple(row)[1:] for row in await pool.fetch(_HALF)}
    assert kinds <= {("done", "paid", 1, 1), ("ready", "accepted", 0, 0)}
    assert (
        await pool.fetchval("SELECT count(*) FROM outbox LEFT JOIN event USING (ce_id) WHERE value IS NULL")
        == 0
    )


async def _settle_what_is_in_doubt(pool: Pool, load: Load) -> None:
    """Submit again what is not known to be written: it is written now, or was before, and never twice."""
    doubtful, load.in_doubt = load.in_doubt, []
    for held in doubtful:
        settled = await load.group.submit(concluded(held))
        state = await pool.fetchval("SELECT state FROM operation WHERE key = $1", held.operation.key)
        assert state == "done"
        load.settled.add(held.operation.key)
        assert settled.lost or settled.conclusion is not None
    await _check_halves(pool)


async def _settle_what_nobody_was_told_of(pool: Pool, load: Load) -> None:
    """Find what was accepted while the answer was lost: stocktaking gives it back, and it is carried out."""
    worker = load.worker
    stocktaking = Stocktaking(pool, worker.worker_id, cut_off_seconds=0, lag_seconds=0)
    untold = await pool.fetchval("SELECT count(*) FROM operation WHERE state <> 'done'")
    assert [await stocktaking.take(()) for _ in range(2)] == [0, untold]
    claimed = await worker.claims(most=untold)
    await worker.settles(*map(concluded, claimed))
    assert await pool.fetchval("SELECT count(*) FROM operation WHERE state <> 'done'") == 0
    await _check_halves(pool)


async def test_a_crash_of_everything_leaves_what_the_next_worker_needs(server: EmbeddedPostgres) -> None:
    """Server and worker die together: another worker finds each operation as it was left."""
    url = server.create_database("ledger")
    migrate(url)
    async with open_pool(url, application_name="tests") as pool:
        worker = await hand(pool)
        ready, unknown, done = await worker.holds(pay("C1"), pay("C2"), pay("C3"))
        await worker.settles(concluded(unknown, UNKNOWN), concluded(done))
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    async with open_pool(url, application_name="tests") as pool:
        await pool.execute("UPDATE worker SET beat_at = now() - interval '1 minute'")
        assert await frees(pool) == 1
        await passes(pool)
        claimed = {held.operation.key: held for held in await (await hand(pool)).claims()}
        assert claimed.keys() == {"C1", "C2"}
        assert claimed["C1"].quiet_seconds is not None
        assert claimed["C2"].operation.state.value == "unknown"
        assert (ready.turn, claimed["C1"].turn) == (0, 2)
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 2
