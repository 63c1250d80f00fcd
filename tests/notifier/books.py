"""The ledger as tests of the notifier see it: pays that were asked for, events to be sent, and the tables."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from paybus.contracts.event import Announcement
from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Acceptance
from paybus.ledger.announcement import publish
from paybus.ledger.pool import Pool
from paybus.ledger.worker import enroll
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState

MERCHANT = "0010000001"
AMOUNT = Fen(15800)
LOCK_C1 = "SELECT FROM trade WHERE charge_code = 'C1' FOR UPDATE"


async def asked_for(pool: Pool, code: str = "C1") -> None:
    """Have a pay of AMOUNT accepted, and nothing known of it yet."""
    operation = Operation(
        merchant_id=MERCHANT,
        kind=Kind.PAY,
        key=code,
        charge_code=code,
        method=Method.BARCODE,
        amount_fen=AMOUNT,
        state=OperationState.READY,
    )
    acceptance = Acceptance(
        operation=operation,
        command=b"{}",
        fingerprint=code.encode(),
        asked_for_at=datetime(2026, 1, 2, tzinfo=UTC),
        traceparent=None,
        expires_at=None,
    )
    worker_id = uuid4()
    await enroll(pool, worker_id, "pay")
    await accept(pool, worker_id, [acceptance])


async def announced(pool: Pool, *ce_ids: str) -> None:
    """Have events in the outbox, in this order; an id is merchant/charge code/version."""
    await publish(
        pool,
        [
            Announcement(ce_id, "trade.paid", ce_id.split("/")[1], f'{{"id":"{ce_id}"}}'.encode())
            for ce_id in ce_ids
        ],
    )


async def trade(pool: Pool, code: str = "C1") -> dict[str, Any]:
    """Give the row of a trade."""
    return dict(await pool.fetchrow("SELECT * FROM trade WHERE charge_code = $1", code) or {})


async def events(pool: Pool) -> list[str]:
    """Give the types of all events, in the order of their ids."""
    return [row["ce_type"] for row in await pool.fetch("SELECT ce_type FROM event ORDER BY ce_id")]


async def waiting(pool: Pool) -> int:
    """Count what waits to go to Kafka."""
    return int(await pool.fetchval("SELECT count(*) FROM outbox"))


async def until_sent(pool: Pool) -> None:
    """Return when nothing waits to go to Kafka any more."""
    while await waiting(pool):  # noqa: ASYNC110 -- a database has no event for this
        await asyncio.sleep(0.01)


async def until_blocked(pool: Pool) -> None:
    """Return when somebody waits for a lock."""
    there = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not await pool.fetchval("SELECT count(*) " + there):  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)


async def snapshot(pool: Pool) -> dict[str, list[Any]]:
    """Give everything the ledger holds, to see whether something changes."""
    tables = ("trade", "operation", "event", "outbox", "callback")
    return {table: await pool.fetch(f"TABLE {table} ORDER BY 1, 2, 3") for table in tables}
