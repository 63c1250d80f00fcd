"""What nobody asked for: the statements of ledger/automatic.py."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from paybus.ledger.automatic import _ADD, _JOIN, _OVERDUE, _TAKE_OVER
from paybus.ledger.memory.acceptance import insert_operation
from paybus.ledger.memory.doubles import stands_for
from paybus.ledger.memory.tables import Columns, Row, Tables, latest

_WISH: Final = Columns.of(_ADD, "i")
_ASKED: Final = Columns.of(_TAKE_OVER, "i")


@stands_for(_OVERDUE)
def overdue(tables: Tables, grace_seconds: float, most: int) -> list[Row]:
    """Give barcode pays past their deadline whose outcome nobody knows, and that nobody cancels."""
    limit = tables.now - timedelta(seconds=grace_seconds)
    rows = [
        row
        for row in tables.operations.values()
        if row["kind"] == "pay"
        and row["due_at"] is not None
        and row["method"] == "barcode"
        and row["state"] in {"unknown", "pending"}
        and row["expires_at"] is not None
        and row["expires_at"] <= limit
        and tables.trades[row["charge_code"], row["merchant_id"]]["state"] in {"accepted", "unknown"}
        and not _is_cancelled(tables, row)
    ]
    return sorted(rows, key=lambda row: (row["merchant_id"], row["charge_code"]))[:most]


def _is_cancelled(tables: Tables, pay: Row) -> bool:
    cancel = tables.operation(pay["merchant_id"], "cancel", pay["key"])
    return cancel is not None and (cancel["overdue"] or cancel["state"] != "waiting")


@stands_for(_ADD)
def add(tables: Tables, *arrays: Sequence[Any]) -> list[Row]:
    """Insert what is new; a cancel that waits need not wait any longer."""
    return [row for wish in _WISH(arrays) if (row := _add(tables, wish)) is not None]


def _add(tables: Tables, wish: Row) -> Row | None:
    row = tables.operation(wish["merchant_id"], wish["kind"], wish["key"])
    if row is None:
        times = {"due_at": tables.now, "asked_for_at": tables.now}
        marks = {"automatic": True, "overdue": wish["kind"] == "cancel", **_doubt(tables)}
        return insert_operation(tables, {**wish, **times, **marks, "state": "waiting"})
    if row["kind"] != "cancel" or row["state"] != "waiting" or row["overdue"]:
        return None
    due_at = tables.now if row["owner"] is None else None
    return tables.operations.change(row["operation_id"], overdue=True, due_at=due_at)


def _doubt(tables: Tables) -> Row:
    """Doubt it in a ledger that was restored."""
    if not tables.doubts:
        return {}
    return {
        "quiet_since": max(row["quiet_since"] for row in tables.doubts.values()),
        "doubted_at": tables.now,
    }


@stands_for(_TAKE_OVER)
def take_over(tables: Tables, *arguments: Any) -> int:
    """Give automatic cancels that wait, or were withdrawn, to those who ask for them."""
    *arrays, withdrawn = arguments
    changed = 0
    for asked, row in _automatic(tables, list(_ASKED(arrays))):
        if row["state"] == "waiting" or (row["state"], row["reason"]) == ("rejected", withdrawn):
            started = {"automatic": False, "state": "waiting", "turn": row["turn"] + 1, "owner": None}
            cleared = dict.fromkeys(("reason", "answered_at", "answer_id"))
            values = {**asked, **started, **cleared, "due_at": tables.now, "asked": 0}
            values["quiet_since"] = latest(row["quiet_since"], asked["quiet_since"])
            values["doubted_at"] = row["doubted_at"] if asked["quiet_since"] is None else tables.now
            tables.operations.change(row["operation_id"], **values)
            changed += 1
    return changed


@stands_for(_JOIN)
def join(
    tables: Tables, merchant_ids: Sequence[str], keys: Sequence[str], fingerprints: Sequence[bytes]
) -> int:
    """Give automatic cancels that are on their way to those who ask for the same."""
    asked = [
        {"merchant_id": merchant_id, "key": key, "fingerprint": fingerprint}
        for merchant_id, key, fingerprint in zip(merchant_ids, keys, fingerprints, strict=True)
    ]
    changed = 0
    for one, row in _automatic(tables, asked):
        if row["fingerprint"] == one["fingerprint"] and row["state"] in {"ready", "unknown", "pending"}:
            tables.operations.change(row["operation_id"], automatic=False)
            changed += 1
    return changed


def _automatic(tables: Tables, asked: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    for one in asked:
        row = tables.operation(one["merchant_id"], "cancel", one["key"])
        if row is not None and row["automatic"]:
            yield one, row
