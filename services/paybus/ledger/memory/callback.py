"""Callbacks are kept and matched: the statements of ledger/callback.py, matching.py and unmatched.py."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from paybus.ledger.callback import _ASK_NOW, _KEEP, _SEEN
from paybus.ledger.matching import _ANY, _KEPT, _MATCHED, _PLACES
from paybus.ledger.memory.doubles import stands_for
from paybus.ledger.memory.tables import Columns, Row, Tables
from paybus.ledger.unmatched import _MATCHABLE

_CALLBACK: Final = Columns.of(_KEEP, "i")
_UNMATCHED: Final = "unmatched"


@stands_for(_SEEN)
def seen(tables: Tables, *arrays: Sequence[Any]) -> list[Row]:
    """Give those that were received before."""
    keys = {(code, merchant, digest) for merchant, code, digest in zip(*arrays, strict=True)}
    return [tables.callbacks[key] for key in sorted(keys) if key in tables.callbacks]


@stands_for(_KEEP)
def keep(tables: Tables, *arrays: Sequence[Any]) -> int:
    """Insert each, or count it once more."""
    rows = list(_CALLBACK(arrays))
    for row in rows:
        del row["place"]
        key = row["charge_code"], row["merchant_id"], row["digest"]
        if key in tables.callbacks:
            times = tables.callbacks[key]["times"] + 1
            tables.callbacks.change(key, times=times, last_at=tables.now)
        else:
            tables.callbacks.put(key, {**row, "times": 1, "first_at": tables.now, "last_at": tables.now})
    return len(rows)


@stands_for(_ASK_NOW)
def ask_now(tables: Tables, merchant_ids: Sequence[str], charge_codes: Sequence[str]) -> int:
    """Make due the pays that wait for an answer."""
    pays = (
        tables.operation(merchant, "pay", code)
        for merchant, code in zip(merchant_ids, charge_codes, strict=True)
    )
    waiting = [row for row in pays if row is not None and row["due_at"] and row["due_at"] > tables.now]
    for row in waiting:
        tables.operations.change(row["operation_id"], due_at=tables.now)
    return len(waiting)


@stands_for(_ANY)
def any_unmatched(tables: Tables) -> list[Row]:
    """Say whether anything is kept for want of a trade."""
    return [{"exists": any(row["receipt"] == _UNMATCHED for row in tables.callbacks.values())}]


@stands_for(_PLACES)
def places(tables: Tables, merchant_ids: Sequence[str], charge_codes: Sequence[str]) -> list[Row]:
    """Give the trades for which something was kept."""
    wanted = set(zip(charge_codes, merchant_ids, strict=True))
    kept = {key[:2] for key, row in tables.callbacks.items() if row["receipt"] == _UNMATCHED}
    return [{"merchant_id": merchant, "charge_code": code} for code, merchant in sorted(kept & wanted)]


@stands_for(_KEPT)
def kept(tables: Tables, merchant_ids: Sequence[str], charge_codes: Sequence[str]) -> list[Row]:
    """Give what was kept for these trades."""
    wanted = set(zip(charge_codes, merchant_ids, strict=True))
    keys = (key for key in sorted(tables.callbacks) if key[:2] in wanted)
    return [row for row in map(tables.callbacks.__getitem__, keys) if row["receipt"] == _UNMATCHED]


@stands_for(_MATCHED)
def matched(tables: Tables, *arrays: Sequence[Any]) -> int:
    """Write down what became of them."""
    rows = list(zip(*arrays, strict=True))
    for merchant_id, charge_code, digest, receipt in rows:
        tables.callbacks.change((charge_code, merchant_id, digest), receipt=receipt)
    return len(rows)


@stands_for(_MATCHABLE)
def matchable(tables: Tables, days: int, most: int) -> list[Row]:
    """Give trades for which something was kept before they were there."""
    limit = tables.now - timedelta(days=days)
    found = {
        key[:2]
        for key, row in tables.callbacks.items()
        if row["receipt"] == _UNMATCHED and row["last_at"] > limit and key[:2] in tables.trades
    }
    return [{"merchant_id": merchant, "charge_code": code} for code, merchant in sorted(found)[:most]]
