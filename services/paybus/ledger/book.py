"""The ledger read: totals for metrics, one trade's timeline for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool

_OPEN: Final = """
SELECT merchant_id, kind, state, count(*) AS count, coalesce(sum(o.amount_fen), 0)::bigint AS amount_fen,
       extract(epoch FROM now() - min(accepted_at))::float8 AS oldest_seconds
FROM operation o WHERE owner IS NOT NULL OR due_at IS NOT NULL GROUP BY merchant_id, kind, state
"""
_OUTBOX: Final = """
SELECT count(*) AS pending, coalesce(extract(epoch FROM now() - min(since)), 0)::float8 AS oldest_seconds
FROM outbox
"""
# `answered_at` is when a transaction began, and it is seen when that has ended: what was answered before the
# oldest transaction that still runs is complete. A statement of ours ends within 30 s, so nobody else's long
# transaction (a dump, a forgotten psql) is waited for longer than twice that; those that are hidden from our
# role are waited for as long. The second is for one that has begun and does not show it yet.
_HORIZON: Final = """
SELECT now(), greatest(now() - interval '1 minute', least(now(), min(
           CASE WHEN state IS NULL OR state = 'disabled' THEN '-infinity' ELSE xact_start END
       ))) - interval '1 second'
FROM pg_stat_activity
WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
  AND pid <> pg_backend_pid()
"""
_ANSWERED: Final = """
SELECT o.operation_id, o.answered_at, o.merchant_id, o.kind, o.state, e.ce_type,
       extract(epoch FROM o.answered_at - o.asked_for_at)::float8 AS age_seconds, o.traceparent
FROM operation o LEFT JOIN event e ON e.ce_id = o.answer_id
WHERE (o.answered_at, o.operation_id) > ($1, $2) AND o.answered_at < $3
ORDER BY o.answered_at, o.operation_id LIMIT $4
"""
_TRADE: Final = "SELECT * FROM trade WHERE charge_code = $1 ORDER BY merchant_id"
_OPERATIONS: Final = """
SELECT operation_id, merchant_id, kind, key, method, amount_fen, state, asked, reply_code, return_code,
       reason, asked_for_at, accepted_at, answered_at, due_at, answer_id, traceparent
FROM operation WHERE operation_id IN (
    SELECT operation_id FROM operation WHERE (merchant_id, kind, key) = ($2, 'pay', $1)
    UNION ALL
    SELECT operation_id FROM operation WHERE (charge_code, merchant_id) = ($1, $2) AND kind <> 'pay')
ORDER BY operation_id
"""
_EVENTS: Final = """
SELECT ce_id, ce_type, occurred_at, value FROM event
WHERE ce_id >= $1 || '/' AND ce_id < $1 || '0' ORDER BY occurred_at, ce_id
"""
_CALLBACKS: Final = """
SELECT receipt, gateway_state, amount_fen, times, first_at, last_at FROM callback
WHERE merchant_id = $1 AND charge_code = $2 ORDER BY first_at
"""


Cursor = tuple[datetime, int]
"""A place in the order of answers: when, and the operation's id."""


@dataclass(frozen=True, slots=True)
class OpenOperations:
    """The operations of one merchant, kind and state that have no final answer."""

    merchant_id: str
    kind: str
    state: str
    count: int
    amount_fen: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class OutboxLevel:
    """How much waits to go to Kafka, and since when."""

    pending: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Horizon:
    """The ledger's time, and the time before which no further answer will appear."""

    now: datetime
    complete_until: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """An operation that has its final answer; `ce_type` is that of the event that gave it."""

    operation_id: int
    answered_at: datetime
    merchant_id: str
    kind: str
    state: str
    ce_type: str | None
    age_seconds: float
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One trade with everything that is known of it, oldest first."""

    trade: Mapping[str, Any]
    operations: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    callbacks: Sequence[Mapping[str, Any]]


async def open_operations(pool: Pool) -> list[OpenOperations]:
    """Count what is open, by merchant, kind and state. Raises LedgerError."""
    with translated():
        return [OpenOperations(*row) for row in await pool.fetch(_OPEN)]


async def outbox_level(pool: Pool) -> OutboxLevel:
    """Measure the outbox. Raises LedgerError."""
    with translated():
        (row,) = await pool.fetch(_OUTBOX)
    return OutboxLevel(*row)


async def horizon(pool: Pool) -> Horizon:
    """Say how late it is. Raises LedgerError."""
    with translated():
        (row,) = await pool.fetch(_HORIZON)
    return Horizon(*row)


async def answered(pool: Pool, after: Cursor, *, until: datetime, most: int) -> list[Answered]:
    """Give the first *most* operations answered after *after* and before *until*.

    With a horizon's `complete_until` that was asked for before, none is missed. Raises LedgerError.
    """
    with translated():
        return [Answered(*row) for row in await pool.fetch(_ANSWERED, *after, until, most)]


async def timelines(pool: Pool, charge_code: str) -> list[Timeline]:
    """Give the trades with *charge_code*, one a merchant. Raises LedgerError."""
    with translated():
        return [await _timeline(pool, dict(trade)) for trade in await pool.fetch(_TRADE, charge_code)]


async def _timeline(pool: Pool, trade: Mapping[str, Any]) -> Timeline:
    merchant_id, charge_code = trade["merchant_id"], trade["charge_code"]
    operations = await pool.fetch(_OPERATIONS, charge_code, merchant_id)
    events = await pool.fetch(_EVENTS, f"{merchant_id}/{charge_code}")
    callbacks = await pool.fetch(_CALLBACKS, merchant_id, charge_code)
    return Timeline(trade, *([dict(row) for row in rows] for rows in (operations, events, callbacks)))
