"""Which function stands for which statement, and how rows of several tables become one."""

from collections.abc import Callable
from typing import Any, Final

from paybus.ledger.memory.tables import Row, Tables

Double = Callable[..., Any]
"""From the tables and the statement's arguments to its rows, or to the number of rows it changed."""

DOUBLES: Final[dict[str, Double]] = {}

_TRADE_COLUMNS: Final = (
    "version", "revision", "paid_fen", "refunded_fen", "reserved_fen", "cancelling", "down_code",
    "third_code", "channel_type",
)  # fmt: skip


def stands_for(statement: str) -> Callable[[Double], Double]:
    """Name the statement that the function below does the work of."""

    def register(double: Double) -> Double:
        assert statement not in DOUBLES, f"two doubles of {statement}"
        DOUBLES[statement] = double
        return double

    return register


def with_trade(tables: Tables, row: Row) -> dict[str, Any]:
    """Join the columns of the row's trade to it (TRADE_COLUMNS); they are None without one."""
    trade = tables.trades.get((row["charge_code"], row["merchant_id"]))
    found: dict[str, Any] = dict.fromkeys(_TRADE_COLUMNS) if trade is None else {
        name: trade[name] for name in _TRADE_COLUMNS
    }  # fmt: skip
    state, amount = (None, None) if trade is None else (trade["state"], trade["amount_fen"])
    return {**row, **found, "trade_state": state, "trade_amount_fen": amount}


def pay_traceparent(tables: Tables, row: Row) -> dict[str, Any]:
    """Look up the place in a trace of the pay of the row's trade (PAY_TRACEPARENT)."""
    pay = tables.operation(row["merchant_id"], "pay", row["charge_code"])
    return {"traceparent": None if pay is None else pay["traceparent"]}
