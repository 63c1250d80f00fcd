"""A trade, an operation and an outcome to speak of."""

from typing import Any

from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.trade import Trade, TradeState


def trade(**changes: Any) -> Trade:
    """Give a paid trade, its first event already counted."""
    usual: dict[str, Any] = {
        "merchant_id": "0010000001",
        "charge_code": "A1",
        "state": TradeState.PAID,
        "version": 1,
        "amount_fen": Fen(15800),
        "paid_fen": Fen(15800),
    }
    return Trade(**usual | changes)


def refund() -> Operation:
    """Give a refund of that trade."""
    return Operation(
        merchant_id="0010000001",
        kind=Kind.REFUND,
        key="R1",
        charge_code="A1",
        method=Method.REFUND,
        amount_fen=Fen(5000),
        state=OperationState.READY,
    )


def outcome(**facts: Any) -> Outcome:
    """Give the outcome of an attempt that was executed."""
    return Outcome(verdict=Verdict.EXECUTED, source=Source.REPLY, return_code="SUCCESS", facts=Facts(**facts))
