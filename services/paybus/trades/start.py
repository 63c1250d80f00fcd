"""Whether an operation that certainly is not at the gateway may be sent now: guards put into a conclusion."""

from dataclasses import dataclass, replace

from paybus.trades.aftermath import Conclusion
from paybus.trades.conclusion import expire
from paybus.trades.guard import (
    AlreadySo,
    Decision,
    Granted,
    Needless,
    Refused,
    Wait,
    begin_cancel,
    may_cancel,
    may_pay,
    may_refund,
    reserve,
)
from paybus.trades.happening import Happening
from paybus.trades.inquiry import next_look_seconds
from paybus.trades.operation import Kind, Operation, OperationState
from paybus.trades.trade import Trade

WITHDRAWN = "withdrawn"
"""Why an automatic operation ended without being sent; whoever asks for the same takes it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What the clock says about an operation; the domain has none."""

    expired: bool = False
    """It must not be sent any more."""
    tired: bool = False
    """It has waited as long as it may for a pay that nobody asked us for."""


def start(operation: Operation, trade: Trade | None, patience: Patience) -> Conclusion:
    """Decide about a WAITING operation: READY means that it must be sent now, by whoever holds it."""
    if operation.kind is Kind.PAY:
        assert trade is not None, "a pay and its trade are accepted together"
        return _start_pay(operation, trade, patience)
    if trade is None and patience.tired:
        return _rejected(trade, "trade_unknown")
    if patience.expired:
        return _rejected(trade, "expired")
    return _guarded(operation, trade)


def _guarded(operation: Operation, trade: Trade | None) -> Conclusion:
    match _decide(operation, trade):
        case Granted():
            assert trade is not None, "nothing is granted on a trade we do not know"
            refund = operation.kind is Kind.REFUND
            granted = reserve(trade, operation.amount_fen) if refund else begin_cancel(trade)
            return Conclusion(state=OperationState.READY, trade=granted)
        case Wait():
            due_seconds = next_look_seconds(operation.asked)
            return Conclusion(state=OperationState.WAITING, trade=trade, due_seconds=due_seconds)
        case AlreadySo():
            return Conclusion(state=OperationState.DONE, trade=trade)
        case Needless():
            return Conclusion(state=OperationState.REJECTED, trade=trade, reason=WITHDRAWN)
        case Refused(reason):
            return _rejected(trade, reason)


def _decide(operation: Operation, trade: Trade | None) -> Decision:
    if operation.kind is Kind.REFUND:
        return may_refund(trade, operation.amount_fen, automatic=operation.automatic)
    return may_cancel(trade, overdue=operation.overdue, automatic=operation.automatic)


def _start_pay(operation: Operation, trade: Trade, patience: Patience) -> Conclusion:
    if isinstance(may_pay(trade), AlreadySo):
        return Conclusion(state=OperationState.DONE, trade=trade)
    if patience.expired:
        return replace(expire(operation, trade), reason="expired")
    return Conclusion(state=OperationState.READY, trade=trade)


def _rejected(trade: Trade | None, reason: str) -> Conclusion:
    happenings = (Happening.COMMAND_REJECTED,)
    return Conclusion(state=OperationState.REJECTED, trade=trade, happenings=happenings, reason=reason)
