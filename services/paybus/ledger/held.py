"""An operation in the hands of a worker: what it needs to carry it out without reading again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from paybus.contracts.command import Identity
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.trade import Trade, TradeState


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrade:
    """A trade as it was read, and the number of the write that made it so.

    `traceparent` is that of its pay, where it was looked up: with the lock of a trade.
    """

    trade: Trade
    revision: int
    traceparent: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An operation that this worker alone may carry out, as long as its heart beats.

    `trade` is None where we have not been asked for a payment under this charge code (yet).
    `quiet_seconds` is how long certainly no request for it has left us; None if none ever has.
    `doubted`: it is WAITING, and may have been sent all the same, in a past that the ledger has lost.
    `turn` says which of the operation's turns this is: in any other nothing is written through it.
    """

    operation_id: int
    operation: Operation
    command: bytes
    fingerprint: bytes
    traceparent: str | None
    expires_at: datetime | None
    trade: KnownTrade | None
    quiet_seconds: float | None = None
    waited_seconds: float = 0.0
    turn: int = 0
    doubted: bool = False


OPERATION_COLUMNS = (
    "operation_id, merchant_id, kind, key, charge_code, method, amount_fen, state, turn, asked, reply_code,"
    " command, fingerprint, traceparent, expires_at, quiet_since, accepted_at, automatic, overdue,"
    " doubted_at"
)
PAY_TRACEPARENT = (
    "(SELECT o.traceparent FROM operation o"
    " WHERE (o.merchant_id, o.kind, o.key) = (t.merchant_id, 'pay', t.charge_code)) AS traceparent"
)
TRADE_COLUMNS = (
    "t.state AS trade_state, t.version, t.revision, t.amount_fen AS trade_amount_fen, t.paid_fen,"
    " t.refunded_fen, t.reserved_fen, t.cancelling, t.down_code, t.third_code, t.channel_type"
)


def held_from(row: Mapping[str, Any]) -> Held:
    """Read a row of OPERATION_COLUMNS, TRADE_COLUMNS, `quiet_seconds` and `waited_seconds`."""
    return Held(
        operation_id=row["operation_id"],
        operation=operation_from(row),
        command=row["command"],
        fingerprint=row["fingerprint"],
        traceparent=row["traceparent"],
        expires_at=row["expires_at"],
        trade=None if row["trade_state"] is None else trade_from(row),
        quiet_seconds=row["quiet_seconds"],
        waited_seconds=row["waited_seconds"],
        turn=row["turn"],
        doubted=row["doubted_at"] is not None,
    )


def operation_from(row: Mapping[str, Any]) -> Operation:
    """Read the operation of a row."""
    return Operation(
        merchant_id=row["merchant_id"],
        kind=Kind(row["kind"]),
        key=row["key"],
        charge_code=row["charge_code"],
        method=Method(row["method"]),
        amount_fen=Fen(row["amount_fen"]),
        state=OperationState(row["state"]),
        asked=row["asked"],
        reply_code=row["reply_code"],
        automatic=row["automatic"],
        overdue=row["overdue"],
    )


def trade_from(row: Mapping[str, Any], *, traceparent: str | None = None) -> KnownTrade:
    """Read the trade of a row; *traceparent* is its pay's."""
    trade = Trade(
        merchant_id=row["merchant_id"],
        charge_code=row["charge_code"],
        state=TradeState(row["trade_state"]),
        version=row["version"],
        amount_fen=Fen(row["trade_amount_fen"]),
        paid_fen=Fen(row["paid_fen"]),
        refunded_fen=Fen(row["refunded_fen"]),
        reserved_fen=Fen(row["reserved_fen"]),
        cancelling=row["cancelling"],
        down_code=row["down_code"],
        third_code=row["third_code"],
        channel_type=row["channel_type"],
    )
    return KnownTrade(trade=trade, revision=row["revision"], traceparent=traceparent)


def identity_of(operation: Operation) -> Identity:
    """Give the names under which an operation is answered."""
    number = operation.key if operation.kind is Kind.REFUND else None
    return Identity(operation.merchant_id, operation.charge_code, number)
