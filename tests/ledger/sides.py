"""One ledger seen the same way whether PostgreSQL keeps it or our memory: a pool, its rows, passing time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from tests.ledger.tables import falls_silent, passes

from paybus.ledger.memory.pool import MemoryDatabase, MemoryPool

TABLES = ("operation", "trade", "event", "outbox", "callback", "watch")
SLOW_SECONDS = 10.0
"""Times that are told apart differ by more."""

_HIDDEN = frozenset({"operation_id", "outbox_id", "created_at", "changed_at", "since", "shard"})


class PostgresSide:
    """The ledger in PostgreSQL."""

    def __init__(self, pool: Any, url: str) -> None:
        self.pool = pool
        self._url = url

    async def connection(self) -> Any:
        """Give a connection of its own."""
        return await asyncpg.connect(self._url)

    async def passes(self, seconds: float) -> None:
        """Let time pass for everything that waits."""
        await passes(self.pool, seconds)
        for table, column in (("watch", "due_at"), ("operation", "expires_at"), ("operation", "answered_at")):
            await self.pool.execute(
                f"UPDATE {table} SET {column} = {column} - make_interval(secs => $1)",  # noqa: S608
                seconds,
            )

    async def falls_silent(self, worker_id: UUID, seconds: float) -> None:
        """Let *seconds* pass since the worker's last beat."""
        await falls_silent(self.pool, worker_id, seconds)

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Give a table's rows in the order of their numbers or names."""
        found = await self.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3")  # noqa: S608
        now = await self.pool.fetchval("SELECT now()")
        return [_comparable(row, now) for row in found]


class MemorySide:
    """The ledger in memory."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.pool: Any = MemoryPool(self.database)

    async def connection(self) -> Any:
        """Give a connection of its own."""
        return self.pool.connection()

    async def passes(self, seconds: float) -> None:
        """Let time pass for everything that waits."""
        tables, ago = self.database.tables, timedelta(seconds=seconds)
        for number in tables.operations:
            _shift(tables.operations, number, ago, "due_at", "quiet_since", "expires_at", "answered_at")
        for key in tables.watches:
            _shift(tables.watches, key, ago, "due_at")

    async def falls_silent(self, worker_id: UUID, seconds: float) -> None:
        """Let *seconds* pass since the worker's last beat."""
        _shift(self.database.tables.workers, worker_id, timedelta(seconds=seconds), "beat_at")

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Give a table's rows in the order of their numbers or names."""
        tables = self.database.tables
        kept = {
            "operation": tables.operations, "trade": tables.trades, "event": tables.events,
            "outbox": tables.outbox, "callback": tables.callbacks, "watch": tables.watches,
        }[table]  # fmt: skip
        if table in {"callback", "watch", "trade"}:
            found = sorted(
                kept.values(),
                key=lambda row: (row["merchant_id"], row["charge_code"], row.get("digest", b"")),
            )
        else:
            found = [kept[key] for key in sorted(kept)]
        return [_comparable(row, tables.clock()) for row in found]


Side = PostgresSide | MemorySide


def alike(one: Any, other: Any) -> bool:
    """Say whether rows are the same, their moments within what two ledgers differ in speed."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < SLOW_SECONDS
    return bool(one == other)


def _shift(table: Any, key: Any, ago: timedelta, *names: str) -> None:
    row = table[key]
    table[key] = {**row, **{name: row[name] and row[name] - ago for name in names}}


def _comparable(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Leave out numbers that need not be the same; give moments as seconds from now."""
    return {
        name: (value - now).total_seconds() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _HIDDEN and name not in {"asked_for_at", "owner"}
    } | ({"owned": row["owner"] is not None} if "owner" in row else {})
