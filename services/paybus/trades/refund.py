"""What the outcome of a refund does to its operation and to the trade's books.

A refund that is READY, UNKNOWN or PENDING holds its amount in the trade's `reserved_fen`; one that is
WAITING or final holds nothing.
"""

from dataclasses import replace

from paybus.trades.aftermath import Conclusion, finished, send_later, still_open, unmoved
from paybus.trades.guard import ENDED_UNPAID, reserve
from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.operation import ON_ITS_WAY, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Verdict
from paybus.trades.trade import Heard, News, Trade, announce, contradict, hear


def conclude_refund(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    """Conclude an open refund."""
    match outcome.verdict:
        case Verdict.EXECUTED:
            return finished(_count(operation, _release(operation, trade)))
        case Verdict.DECLINED:
            return finished(announce(_release(operation, trade), Happening.REFUND_FAILED))
        case Verdict.NOT_EXECUTED if operation.state is OperationState.PENDING:
            return send_later(operation, trade)
        case Verdict.NOT_EXECUTED:
            return send_later(operation, _release(operation, trade))
        case Verdict.UNKNOWN:
            return _still_open(operation, trade, taken=outcome.reason == "pending")


def _count(operation: Operation, trade: Trade) -> Heard:
    amount_fen = operation.amount_fen
    told = announce(trade, Happening.REFUND_SUCCEEDED)
    if amount_fen > trade.remainder_fen:
        # More went back than was paid: the gateway's word is passed on, our books stay as they are.
        return _then(told, contradict(told.trade))
    counted = replace(told.trade, refunded_fen=Fen(trade.refunded_fen + amount_fen))
    if operation.automatic and trade.state in ENDED_UNPAID:
        return replace(told, trade=counted)  # the trade had ended before it was charged, and stays so
    whole = counted.refunded_fen == counted.paid_fen
    return _then(told, hear(counted, News.REFUNDED if whole else News.PARTIALLY_REFUNDED, Facts()))


def _then(first: Heard, second: Heard) -> Heard:
    return replace(second, happenings=(*first.happenings, *second.happenings))


def _still_open(operation: Operation, trade: Trade, *, taken: bool) -> Conclusion:
    if operation.state is OperationState.WAITING:
        if operation.amount_fen > trade.remainder_fen:
            # It holds nothing and nothing is left to hold: the guard decides before anything is sent.
            return send_later(operation, trade)
        trade = reserve(trade, operation.amount_fen)
    once_taken = taken or operation.state is OperationState.PENDING
    state = OperationState.PENDING if once_taken else OperationState.UNKNOWN
    return still_open(operation, _announce_once(operation, trade, state), state)


def _announce_once(operation: Operation, trade: Trade, state: OperationState) -> Heard:
    if operation.state is state:
        return unmoved(trade)
    taken = state is OperationState.PENDING
    return announce(trade, Happening.REFUND_ACCEPTED if taken else Happening.REFUND_UNKNOWN)


def _release(operation: Operation, trade: Trade) -> Trade:
    held = operation.amount_fen if operation.state in ON_ITS_WAY else 0
    return replace(trade, reserved_fen=Fen(max(0, trade.reserved_fen - held)))
