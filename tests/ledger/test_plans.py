"""No statement on the way of a command scans a table: the millionth trade costs what the first did."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
import json
from typing import Any
from uuid import uuid4

import pytest
from tests.ledger.house import MERCHANT, UNKNOWN, concluded, hand, paid, pay, refund, started, told
from tests.ledger.tables import passes

from paybus.ledger.acceptance import _FIND, accept
from paybus.ledger.announcement import publish
from paybus.ledger.book import open_operations, timelines
from paybus.ledger.callback import _ASK_NOW, receive
from paybus.ledger.claim import _CLAIM, claim_due, count_waiting, release
from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import _LOCK_OPERATIONS, Settled, Settlements
from paybus.ledger.stocktaking import Stocktaking
from paybus.ledger.worker import Lease, free_orphans
from paybus.ledger.writing import _WRITE
from paybus.trades.operation import Kind

FINISHED = 20_000
GROWING = ("trade", "operation", "event", "callback")
LOOKED_UP_BY = {
    "trade_pkey": ("charge_code",),
    "operation_pkey": ("operation_id",),
    "operation_merchant_id_kind_key_key": ("merchant_id", "kind", "key"),
    "operation_of_trade": ("charge_code", "merchant_id"),
    "event_pkey": ("ce_id",),
    "callback_pkey": ("charge_code", "merchant_id"),
}
"""What a condition must name, so that an index gives a row, or those of one trade."""

OPEN_ONLY = ("operation_held", "operation_due", "callback_unmatched")
"""Indexes of what is open: short, but not so short that each command may read one whole."""

LOOKUPS = (_WRITE, _LOCK_OPERATIONS, _FIND, _ASK_NOW)
"""Statements that know the rows they want, and must not search among a worker's, or what is due."""

_FILL = (
    """
    INSERT INTO trade (merchant_id, charge_code, state, version, amount_fen, paid_fen, refunded_fen,
                       reserved_fen)
    SELECT $1, 'P' || md5(i::text), 'paid', 1, 100, 100, 0, 0 FROM generate_series(1, $2::int) i
    """,
    """
    INSERT INTO operation (merchant_id, kind, key, charge_code, method, amount_fen, fingerprint, command,
                           state, asked_for_at, answered_at)
    SELECT $1, kind, kind || md5(i::text), 'P' || md5(i::text), 'barcode', 100, '', '', 'done', now(), now()
    FROM generate_series(1, $2::int) i, unnest('{pay,refund}'::text[]) kind
    """,
    """
    INSERT INTO event (ce_id, ce_type, charge_code, value)
    SELECT $1 || '/P' || md5(i::text) || '/1', 'trade.paid', 'P' || md5(i::text), ''
    FROM generate_series(1, $2::int) i
    """,
    """
    INSERT INTO callback (merchant_id, charge_code, digest, receipt, gateway_state, amount_fen, body)
    SELECT $1, 'P' || md5(i::text), '', 'applied', 1, 100, '' FROM generate_series(1, $2::int) i
    """,
)


class Explaining:
    """A pool that has every statement explained before it is run, and keeps what is not a lookup."""

    def __init__(self, executor: Any, scans: "list[tuple[str, str]]") -> None:
        self._executor = executor
        self._scans = scans

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._executor, name)
        if name not in {"fetch", "fetchrow", "fetchval", "execute"}:
            return method

        async def explained(query: str, *arguments: Any) -> Any:
            if query.split(maxsplit=1)[0] in {"WITH", "SELECT", "INSERT", "UPDATE", "DELETE"}:
                plan = await self._executor.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *arguments)
                self._scans += [(scan, query) for scan in _scans(json.loads(plan), query)]
            return await method(query, *arguments)

        return explained

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["Explaining"]:
        """Give a connection that has its statements explained, too."""
        async with self._executor.acquire() as connection:
            yield Explaining(connection, self._scans)


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    """Give every node of a plan."""
    if isinstance(plan, list):
        for part in plan:
            yield from _nodes(part)
    elif isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        for part in plan.values():
            yield from _nodes(part)


def _scans(plan: Any, query: str) -> Iterator[str]:
    """Give what of a plan reads more than the rows that are wanted."""
    for node in _nodes(plan):
        index, condition = node.get("Index Name"), node.get("Index Cond", "nothing")
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWING:
            yield f"all of {node['Relation Name']}"
        named = all(f"({name} " in condition for name in LOOKED_UP_BY.get(index, ()))
        if not named or (index in OPEN_ONLY and query in LOOKUPS):
            yield f"{index} by {condition}"


async def fill(pool: Pool) -> None:
    """Give the ledger a history."""
    for statement in _FILL:
        await pool.execute(statement, MERCHANT, FINISHED)


@pytest.mark.parametrize("history", ["measured", "just written"])
@pytest.mark.parametrize("size", [1, 50])
async def test_no_statement_on_the_way_of_a_command_searches(pool: Pool, history: str, size: int) -> None:
    """With a history, known to the planner or not yet, each row is looked up by an index."""
    await fill(pool)
    if history == "measured":
        await pool.execute("ANALYZE")
    scans: list[tuple[str, str]] = []
    explaining: Any = Explaining(pool, scans)
    await _the_way_of_pays(explaining, pool, size)
    await _the_way_of_refunds(explaining, pool, size)
    await _what_is_done_all_day(explaining, pool)
    assert scans == []


async def _the_way_of_pays(pool: Any, plain: Pool, size: int) -> None:
    worker = await hand(plain)
    settlements = Settlements(pool, worker.worker_id)
    codes = [f"C{number}" for number in range(size)]
    assert all(one is not None for one in await receive(pool, [told(code, digest=b"0") for code in codes]))
    accepted = await accept(pool, worker.worker_id, [pay(code) for code in codes])
    await accept(pool, worker.worker_id, [pay(code) for code in codes])
    assert len(accepted.held) == size
    more = await worker.holds(*[pay(f"D{number}") for number in range(size)])
    await settlements.write([concluded(one, UNKNOWN) for one in more])
    await receive(pool, [told(f"D{number}") for number in range(size)])
    await passes(plain)
    claimed = await claim_due(pool, worker.worker_id, Kind.PAY, most=size)
    assert len(claimed) == size
    await release(pool, worker.worker_id, None, cut_off_seconds=0, lag_seconds=0)
    settled = await settlements.write([concluded(one) for one in claimed])
    assert all(isinstance(one, Settled) and one.lost for one in settled)


async def _the_way_of_refunds(pool: Any, plain: Pool, size: int) -> None:
    codes = [f"P{number}" for number in range(size)]
    await paid(plain, *codes)
    worker = await hand(plain, Kind.REFUND)
    settlements = Settlements(pool, worker.worker_id)
    acceptances = [refund(f"R{code}", code=code, amount_fen=10) for code in codes]
    held = (await accept(pool, worker.worker_id, acceptances)).held
    granted = await settlements.write([started(one) for one in held])
    ready = [one.held for one in granted if isinstance(one, Settled) and one.held]
    assert len(ready) == size
    await plain.execute("UPDATE trade SET revision = revision + 1 WHERE reserved_fen > 0")
    done = await settlements.write([concluded(one) for one in ready])  # overtaken: the second way
    assert all(isinstance(one, Settled) and not one.lost for one in done)


async def _what_is_done_all_day(pool: Any, plain: Pool) -> None:
    worker = await hand(plain)
    await worker.holds(*[pay(f"E{number}") for number in range(10)])
    await Stocktaking(pool, worker.worker_id, cut_off_seconds=0, lag_seconds=0).take([1, 2, 3])
    await plain.execute("UPDATE worker SET beat_at = now() - interval '1 minute'")
    assert await free_orphans(pool, "pay", lease=Lease(), lag_seconds=30.0) == 10
    await count_waiting(pool, Kind.PAY, most=1000)
    await open_operations(pool)
    await publish(pool, [], again=[(f"{MERCHANT}/C1/1", "C1")])
    outbox = Outbox(pool)
    outbox.shards = tuple(range(16))
    await outbox.delete(await outbox.read(100))
    (timeline,) = await timelines(pool, "P0")
    assert timeline.events


async def test_a_claim_reads_what_is_due_in_order_and_no_further(pool: Pool) -> None:
    """However much is due, a claim walks the index of what is due until it has enough: nothing is sorted."""
    await fill(pool)
    await pool.execute(
        "UPDATE operation SET state = 'unknown', due_at = now() - interval '1 hour', answered_at = NULL"
    )
    await pool.execute("ANALYZE")
    plan = json.loads(await pool.fetchval(f"EXPLAIN (FORMAT JSON) {_CLAIM}", "pay", uuid4(), 100))
    due = next(node for node in _nodes(plan) if node["Node Type"] == "Limit")
    below = list(_nodes(due["Plans"]))
    assert [node["Node Type"] for node in below] == ["LockRows", "Index Scan"]
    assert below[-1]["Index Name"] == "operation_due"
