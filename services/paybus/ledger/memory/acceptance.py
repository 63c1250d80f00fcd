"""Commands enter: the statements of ledger/acceptance.py, announcement.py and audit.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from paybus.ledger.acceptance import _ACCEPT, _FIND
from paybus.ledger.announcement import _PUBLISH
from paybus.ledger.audit import _OPERATIONS, _TRADES
from paybus.ledger.memory.doubles import stands_for, with_trade
from paybus.ledger.memory.tables import Columns, Row, Tables

_INCOMING: Final = Columns.of(_ACCEPT, "i")
_NEW: Final[dict[str, Any]] = {
    "turn": 0, "asked": 0, "reply_code": None, "return_code": None, "reason": None, "owner": None,
    "due_at": None, "quiet_since": None, "doubted_at": None, "expires_at": None, "answered_at": None,
    "answer_id": None, "automatic": False, "overdue": False,
}  # fmt: skip
_EMPTY: Final[dict[str, Any]] = {
    "version": 0, "revision": 0, "paid_fen": 0, "refunded_fen": 0, "reserved_fen": 0, "cancelling": False,
    "down_code": None, "third_code": None, "channel_type": None,
}  # fmt: skip
_EVENT: Final = Columns(("ce_id", "ce_type", "charge_code", "value", "traceparent"))


def insert_operation(tables: Tables, row: Row) -> Row:
    """Give a new operation its number."""
    number = tables.next()
    tables.numbers[row["merchant_id"], row["kind"], row["key"]] = number
    entered = {**_NEW, "accepted_at": tables.now, **row, "operation_id": number}
    return tables.operations.put(number, entered)


def keep_event(tables: Tables, row: Row) -> None:
    """Insert an event, unless it is there already."""
    if row["ce_id"] not in tables.events:
        tables.events.put(row["ce_id"], {"occurred_at": tables.now, **row})


def queue(tables: Tables, shard: int, ce_id: str) -> None:
    """Put an event into the outbox."""
    number = tables.next()
    tables.outbox.put(number, {"shard": shard, "ce_id": ce_id, "since": tables.now})


@stands_for(_ACCEPT)
def accept(tables: Tables, kind: str, worker_id: UUID, *arrays: Sequence[Any]) -> list[Row]:
    """Insert what is new, and the trades of pays; give the new ones with the trades that others have."""
    rows: list[Row] = []
    for one in _INCOMING(arrays):
        if tables.operation(one["merchant_id"], kind, one["key"]) is not None:
            continue
        free = dict.fromkeys(("due_at", "doubted_at"), tables.now)
        hands = {"owner": worker_id} if one["quiet_since"] is None else free
        entered = insert_operation(tables, {**one, **hands, "kind": kind})
        rows.append(with_trade(tables, entered))
        if kind == "pay":
            _open_trade(tables, entered)
    return rows


def _open_trade(tables: Tables, row: Row) -> None:
    key = row["charge_code"], row["merchant_id"]
    if key not in tables.trades:
        names = {name: row[name] for name in ("merchant_id", "charge_code", "amount_fen")}
        tables.trades.put(key, {**_EMPTY, **names, "state": "accepted"})


@stands_for(_FIND)
def find(
    tables: Tables, kind: str, ords: Sequence[int], merchant_ids: Sequence[str], keys: Sequence[str]
) -> list[Row]:
    """Look up what was accepted before."""
    found = (
        (ord_, tables.operation(merchant_id, kind, key))
        for ord_, merchant_id, key in zip(ords, merchant_ids, keys, strict=True)
    )
    return [{**row, "ord": ord_} for ord_, row in found if row is not None]


@stands_for(_PUBLISH)
def publish(tables: Tables, *arrays: Sequence[Any]) -> int:
    """Keep events, and queue them and others once more."""
    for event in sorted(_EVENT(arrays[:5]), key=lambda one: str(one["ce_id"])):
        keep_event(tables, event)
    for shard, ce_id in zip(*arrays[5:], strict=True):
        queue(tables, shard, ce_id)
    tables.notify()
    return 0


@stands_for(_OPERATIONS)
def every_operation(tables: Tables) -> list[Row]:
    """Give all operations, the oldest first."""
    return [tables.operations[number] for number in sorted(tables.operations)]


@stands_for(_TRADES)
def every_trade(tables: Tables) -> list[Row]:
    """Give all trades."""
    return [tables.trades[key] for key in sorted(tables.trades)]


def is_due(row: Row, now: datetime) -> bool:
    """Say whether an operation or a watched trade waits for somebody to take it."""
    return row["due_at"] is not None and row["due_at"] <= now
