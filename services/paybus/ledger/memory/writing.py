"""The one statement that changes operations, trades and events together, and the locks before it."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from paybus.ledger.memory.acceptance import keep_event, queue
from paybus.ledger.memory.doubles import pay_traceparent, stands_for, with_trade
from paybus.ledger.memory.tables import FINAL, Columns, Row, Tables
from paybus.ledger.settlement import _LOCK_OPERATIONS
from paybus.ledger.trade_lock import _LOCK
from paybus.ledger.writing import _WRITE

_OPERATION: Final = Columns.of(_WRITE, "o")
_TRADE: Final = Columns.of(_WRITE, "t")
_EVENT: Final = Columns.of(_WRITE, "e")
_TRADES_END: Final = _OPERATION.width + _TRADE.width


@stands_for(_WRITE)
def write(tables: Tables, worker_id: UUID | None, *arrays: Sequence[Any]) -> list[Row]:
    """Write each operation that is held, with its trade if nobody wrote that since; and their events."""
    operations = list(_OPERATION(arrays[: _OPERATION.width]))
    held = {one["ord"] for one in operations if is_held(tables, worker_id, one)}
    lost = {one["trade_ord"] for one in operations if one["ord"] not in held}
    trades = list(_TRADE(arrays[_OPERATION.width : _TRADES_END]))
    moved = {one["ord"] for one in trades if one["ord"] not in lost and _move(tables, one)}
    settled = {one["ord"] for one in operations if one["ord"] in held and _settle(tables, one, moved)}
    announce(tables, arrays[_TRADES_END:], settled, moved)
    return [{"operations": sorted(settled), "trades": sorted(moved)}]


def is_held(tables: Tables, worker_id: UUID | None, one: Row) -> bool:
    """Say whether the worker owns the operation in the turn it names."""
    row = tables.operations.get(one["operation_id"])
    return row is not None and row["owner"] == worker_id is not None and row["turn"] == one["turn"]


def _move(tables: Tables, one: Row) -> bool:
    key = one["charge_code"], one["merchant_id"]
    row = tables.trades.get(key)
    if row is None or row["revision"] != one["revision"]:
        return False
    values = {name: value for name, value in one.items() if name != "ord"}
    tables.trades.change(key, **{**values, "revision": row["revision"] + 1})
    return True


def _settle(tables: Tables, one: Row, moved: Collection[int]) -> bool:
    if one["trade_ord"] is not None and one["trade_ord"] not in moved:
        return False
    row, state = tables.operations[one["operation_id"]], one["state"]
    ready, final = state == "ready", state in FINAL
    tables.operations.change(
        one["operation_id"],
        state=state,
        turn=row["turn"] + 1,
        asked=one["asked"],
        owner=row["owner"] if ready else None,
        due_at=None if ready or final else tables.later(one["due_seconds"]),
        reply_code=None if ready else one["reply_code"] or row["reply_code"],
        return_code=one["return_code"] or row["return_code"],
        reason=one["reason"],
        answer_id=one["answer_id"],
        quiet_since=row["quiet_since"]
        if one["quiet_seconds"] is None
        else tables.later(one["quiet_seconds"]),
        doubted_at=row["doubted_at"] if one["doubted"] else None,
        answered_at=tables.now if final else None,
    )
    return True


def announce(
    tables: Tables, arrays: Sequence[Sequence[Any]], settled: Collection[int], moved: Collection[int]
) -> None:
    """Keep and queue the events of what was written."""
    told = False
    for event in _EVENT(arrays):
        op_ord, trade_ord, shard, _ = map(event.pop, ("op_ord", "trade_ord", "shard", "nth"))
        if (op_ord is None or op_ord in settled) and (trade_ord is None or trade_ord in moved):
            keep_event(tables, event)
            queue(tables, shard, event["ce_id"])
            told = True
    if told:
        tables.notify()


@stands_for(_LOCK_OPERATIONS)
def lock_operations(tables: Tables, operation_ids: Sequence[int], worker_id: UUID) -> list[Row]:
    """Give the turns of the operations that the worker owns."""
    rows = (tables.operations.get(number) for number in sorted(set(operation_ids)))
    return [row for row in rows if row is not None and row["owner"] == worker_id]


@stands_for(_LOCK)
def lock_trades(tables: Tables, merchant_ids: Sequence[str], charge_codes: Sequence[str]) -> list[Row]:
    """Give the trades that are there."""
    keys = zip(charge_codes, merchant_ids, strict=True)
    there = [tables.trades[key] for key in sorted(keys) if key in tables.trades]
    return [with_trade(tables, row) | pay_traceparent(tables, row) for row in there]
