"""A look into the ledger's tables, and time that passes in them."""

import asyncio
from typing import Any
from uuid import UUID

from paybus.ledger.outbox import Pending
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind

_BLOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def falls_silent(pool: Pool, worker_id: UUID, seconds: float) -> None:
    """Let *seconds* pass since the worker's last beat."""
    await pool.execute(
        "UPDATE worker SET beat_at = beat_at - make_interval(secs => $2) WHERE worker_id = $1",
        worker_id,
        seconds,
    )


async def passes(pool: Pool, seconds: float = 1e6) -> None:
    """Let time pass for everything that waits for its turn, and for how long it has been quiet.

    Rows are locked in the order in which everybody locks them, so that it can be done at any time.
    """
    await pool.execute(
        "WITH locked AS (SELECT operation_id FROM operation ORDER BY operation_id FOR NO KEY UPDATE)"
        " UPDATE operation SET due_at = due_at - make_interval(secs => $1),"
        " quiet_since = quiet_since - make_interval(secs => $1)"
        " FROM locked WHERE operation.operation_id = locked.operation_id",
        seconds,
    )


async def operation(pool: Pool, key: str, kind: Kind = Kind.PAY) -> dict[str, Any]:
    """Give the row of an operation, and how far off its moments are."""
    row = await pool.fetchrow(
        "SELECT *, extract(epoch FROM due_at - now())::float8 AS due_in,"
        " extract(epoch FROM now() - quiet_since)::float8 AS quiet_for"
        " FROM operation WHERE key = $1 AND kind = $2",
        key,
        kind.value,
    )
    return dict(row)


async def trade(pool: Pool, code: str = "C1") -> dict[str, Any]:
    """Give the row of a trade."""
    return dict(await pool.fetchrow("SELECT * FROM trade WHERE charge_code = $1", code))


async def events(pool: Pool, code: str = "C1") -> list[str]:
    """Give the types of the versioned events of a trade, having checked that no version is missing."""
    rows = await pool.fetch("SELECT ce_id, ce_type FROM event WHERE charge_code = $1", code)
    versions = {
        int(row["ce_id"].rpartition("/")[2]): row["ce_type"] for row in rows if row["ce_id"].count("/") == 2
    }
    assert sorted(versions) == list(range(1, len(versions) + 1))
    return [versions[version] for version in sorted(versions)]


async def outbox(pool: Pool) -> list[str]:
    """Give the ids of the events that are to go out, in their order."""
    return [row["ce_id"] for row in await pool.fetch("SELECT ce_id FROM outbox ORDER BY outbox_id")]


async def published(pool: Pool) -> list[Pending]:
    """Give the events that are to go out as they will, in their order."""
    rows = await pool.fetch(
        "SELECT outbox_id, ce_id, ce_type, charge_code, occurred_at, traceparent, value"
        " FROM outbox JOIN event USING (ce_id) ORDER BY outbox_id"
    )
    return [Pending(*row) for row in rows]


async def values(pool: Pool) -> list[bytes]:
    """Give the values of the events that are to go out, in their order."""
    return [one.value for one in await published(pool)]


async def until_blocked(pool: Pool, backends: int = 1) -> None:
    """Return when so many connections to this database wait for a lock that another one has."""
    async with asyncio.timeout(10):
        # PostgreSQL tells nobody that somebody waits.
        while await pool.fetchval(_BLOCKED) < backends:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def empty(pool: Pool, *tables: str) -> None:
    """Empty *tables*, as if what is in them had never been."""
    for table in tables:
        await pool.execute(f"DELETE FROM {table}")  # noqa: S608 -- a name of ours


async def snapshot(pool: Pool) -> dict[str, list[Any]]:
    """Give everything the ledger holds, to see whether something changes."""
    tables = ("trade", "operation", "event", "outbox", "callback")
    query = "SELECT * FROM {} ORDER BY 1, 2, 3"
    return {table: await pool.fetch(query.format(table)) for table in tables}
