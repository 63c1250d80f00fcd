"""Trades about which nobody else asks: the statements of ledger/watch.py; the horizon of ledger/book.py."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from paybus.ledger.book import _HORIZON
from paybus.ledger.memory.acceptance import is_due
from paybus.ledger.memory.doubles import pay_traceparent, stands_for, with_trade
from paybus.ledger.memory.tables import Columns, Row, Tables
from paybus.ledger.watch import (
    _ADD,
    _ADVANCE,
    _AGAIN,
    _ANNOUNCED,
    _ANSWERED,
    _CLAIM,
    _COUNT,
    _END,
    _PROGRESS,
)

_WATCH: Final = Columns.of(_ADD, "i")


@stands_for(_HORIZON)
def horizon(tables: Tables) -> list[Any]:
    """Give the time twice: transactions run one after the other, so there is none that began before."""
    return [(tables.now, tables.now)]


@stands_for(_PROGRESS)
def progress(tables: Tables) -> list[Any]:
    """Give how far it was read."""
    row = tables.progress[0]
    return [(row["answered_at"], row["operation_id"])]


@stands_for(_ANSWERED)
def answered(tables: Tables, at: datetime, operation_id: int, until: datetime, most: int) -> list[Row]:
    """Give the answers that follow, with the trades that may have to be watched."""
    rows = [
        row
        for row in tables.operations.values()
        if row["answered_at"] is not None
        and (at, operation_id) < (row["answered_at"], row["operation_id"])
        and row["answered_at"] < until
    ]
    rows.sort(key=lambda row: (row["answered_at"], row["operation_id"]))
    return [_watchable(tables, row) for row in rows[:most]]


def _watchable(tables: Tables, row: Row) -> Row:
    told = row["kind"] == "cancel" or (row["kind"] == "pay" and row["method"] != "barcode")
    return with_trade(tables, row) if told else {**row, "trade_state": None}


@stands_for(_ADVANCE)
def advance(tables: Tables, answered_at: datetime, operation_id: int) -> int:
    """Remember how far it was read."""
    tables.progress.put(0, {"answered_at": answered_at, "operation_id": operation_id})
    return 1


@stands_for(_ADD)
def add(tables: Tables, *arguments: Any) -> int:
    """Watch trades; one that is watched for another reason begins anew."""
    *arrays, first_seconds = arguments
    for row in _WATCH(arrays):
        key = row["charge_code"], row["merchant_id"]
        if key not in tables.watches or tables.watches[key]["reason"] != row["reason"]:
            tables.watches.put(key, {**row, "asked": 0, "due_at": tables.later(first_seconds)})
    return 0


@stands_for(_CLAIM)
def claim(tables: Tables, most: int, lease_seconds: float) -> list[Row]:
    """Take in hand what is due, the longest due first."""
    due = sorted((row["due_at"], key) for key, row in tables.watches.items() if is_due(row, tables.now))
    rows = [tables.watches.change(key, due_at=tables.later(lease_seconds)) for _, key in due[:most]]
    return [with_trade(tables, row) | pay_traceparent(tables, row) for row in rows]


@stands_for(_AGAIN)
def again(tables: Tables, charge_code: str, merchant_id: str, seconds: float) -> int:
    """Have it asked about again."""
    key = charge_code, merchant_id
    if key not in tables.watches:
        return 0
    tables.watches.change(key, asked=tables.watches[key]["asked"] + 1, due_at=tables.later(seconds))
    return 1


@stands_for(_END)
def end(tables: Tables, charge_code: str, merchant_id: str) -> int:
    """Watch it no more."""
    if (charge_code, merchant_id) not in tables.watches:
        return 0
    tables.watches.drop((charge_code, merchant_id))
    return 1


@stands_for(_ANNOUNCED)
def announced(tables: Tables, ce_id: str) -> Sequence[Row]:
    """Give something if this event is a discrepancy."""
    event = tables.events.get(ce_id)
    return [{}] if event is not None and event["ce_type"] == "trade.discrepancy" else []


@stands_for(_COUNT)
def count(tables: Tables) -> list[Row]:
    """Count them by reason."""
    counts = Counter(row["reason"] for row in tables.watches.values())
    return [{"reason": reason, "count": number} for reason, number in counts.items()]
