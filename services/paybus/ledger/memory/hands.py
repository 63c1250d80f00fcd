"""Operations change hands: the statements of ledger/claim.py, worker.py and stocktaking.py."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paybus.ledger.claim import _CLAIM, _OPEN, _RELEASE
from paybus.ledger.memory.acceptance import is_due
from paybus.ledger.memory.doubles import stands_for, with_trade
from paybus.ledger.memory.tables import Row, Tables, latest
from paybus.ledger.stocktaking import _MISSING
from paybus.ledger.worker import _BEAT, _BURY, _END, _FORGET, _FREE, _TIME


@stands_for(_CLAIM)
def claim(tables: Tables, kind: str, worker_id: UUID, most: int) -> list[Row]:
    """Take what is due, the longest due first, and give it in the order of acceptance."""
    due = [row for row in tables.operations.values() if row["kind"] == kind and is_due(row, tables.now)]
    taken = sorted(due, key=lambda row: (row["due_at"], row["operation_id"]))[:most]
    rows = [_take(tables, row, worker_id) for row in taken]
    return sorted(rows, key=lambda row: int(row["operation_id"]))


def _take(tables: Tables, row: Row, worker_id: UUID) -> dict[str, Any]:
    taken = tables.operations.change(row["operation_id"], owner=worker_id, turn=row["turn"] + 1, due_at=None)
    quiet = taken["quiet_since"]
    return {
        **with_trade(tables, taken),
        "quiet_seconds": None if quiet is None else (tables.now - quiet).total_seconds(),
        "waited_seconds": (tables.now - (taken["doubted_at"] or taken["accepted_at"])).total_seconds(),
    }


@stands_for(_RELEASE)
def release(
    tables: Tables, worker_id: UUID, ids: Sequence[int] | None, cut_off_seconds: float, lag_seconds: float
) -> int:
    """Free operations of the worker, all or some."""
    quiet_since = tables.later(cut_off_seconds)
    due_at = tables.later(cut_off_seconds + lag_seconds)
    return _free(
        tables,
        lambda row: row["owner"] == worker_id and (ids is None or row["operation_id"] in ids),
        lambda _row: (quiet_since, due_at),
    )


def _free(
    tables: Tables, which: Callable[[Row], bool], ready: Callable[[Row], tuple[datetime, datetime]]
) -> int:
    """Free operations; *ready* says of one that may have been sent since when it is quiet, and when due."""
    rows = [row for row in tables.operations.values() if which(row)]
    for row in rows:
        times = ready(row) if row["state"] == "ready" else (None, tables.now)
        quiet_since = latest(row["quiet_since"], times[0])
        tables.operations.change(
            row["operation_id"], owner=None, turn=row["turn"] + 1, quiet_since=quiet_since, due_at=times[1]
        )
    return len(rows)


@stands_for(_OPEN)
def count_waiting(tables: Tables, kind: str, most: int) -> list[Row]:
    """Count what waits to be sent."""
    rows = [
        row
        for row in tables.operations.values()
        if row["kind"] == kind
        and row["due_at"] is not None
        and row["state"] in {"waiting", "ready"}
        and row["doubted_at"] is None
    ]
    return [{"count": min(most, len(rows))}]


@stands_for(_MISSING)
def missing(tables: Tables, worker_id: UUID, in_hand: Sequence[int]) -> list[Row]:
    """Give what the worker owns and does not know of."""
    rows = tables.operations.values()
    return [row for row in rows if row["owner"] == worker_id and row["operation_id"] not in in_hand]


@stands_for("INSERT INTO worker (worker_id, service) VALUES ($1, $2)")
def enroll(tables: Tables, worker_id: UUID, service: str) -> int:
    """Let a worker live."""
    now = tables.clock()
    tables.workers.put(worker_id, {"service": service, "beat_at": now, "dead_at": None})
    return 1


@stands_for(_TIME)
def time(tables: Tables) -> list[Row]:
    """Tell the time."""
    return [{"clock_timestamp": tables.clock()}]


@stands_for(_BEAT)
def beat(tables: Tables, worker_id: UUID) -> int:
    """Let a heart beat, unless it is dead."""
    return _if_alive(tables, worker_id, beat_at=tables.clock())


@stands_for(_END)
def end(tables: Tables, worker_id: UUID) -> int:
    """Let a worker die."""
    return _if_alive(tables, worker_id, dead_at=tables.clock())


def _if_alive(tables: Tables, worker_id: UUID, **values: Any) -> int:
    row = tables.workers.get(worker_id)
    if row is None or row["dead_at"] is not None:
        return 0
    tables.workers.change(worker_id, **values)
    return 1


@stands_for(_BURY)
def bury(tables: Tables, service: str, lease_seconds: float, no_later: datetime | None) -> int:
    """Declare the silent dead."""
    now = tables.clock()
    if no_later is not None and now > no_later:
        return 0
    limit = now - timedelta(seconds=lease_seconds)
    silent = [
        number
        for number, row in tables.workers.items()
        if row["service"] == service and row["dead_at"] is None and row["beat_at"] < limit
    ]
    for number in silent:
        tables.workers.change(number, dead_at=now)
    return len(silent)


@stands_for(_FREE)
def free(tables: Tables, service: str, fence_seconds: float, lag_seconds: float) -> int:
    """Make due what the dead have left."""
    dead = {
        number: row["beat_at"]
        for number, row in tables.workers.items()
        if row["service"] == service and row["dead_at"] is not None
    }

    def ready(row: Row) -> tuple[datetime, datetime]:
        quiet_since = dead[row["owner"]] + timedelta(seconds=fence_seconds)
        return quiet_since, max(tables.now, quiet_since + timedelta(seconds=lag_seconds))

    return _free(tables, lambda row: row["owner"] in dead, ready)


@stands_for(_FORGET)
def forget(tables: Tables, service: str) -> int:
    """Strike out those who died long ago and have left nothing."""
    limit = tables.now - timedelta(days=30)
    owners = {row["owner"] for row in tables.operations.values()}
    gone = [
        number
        for number, row in tables.workers.items()
        if row["service"] == service and row["dead_at"] is not None and row["dead_at"] < limit
    ]
    for number in set(gone) - owners:
        tables.workers.drop(number)
    return len(set(gone) - owners)
