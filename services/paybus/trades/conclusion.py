"""From an outcome to what is written down: the operation's next state, the trade, the announcements."""

from dataclasses import replace

from paybus.trades.aftermath import Conclusion, finished, rejected, still_open, unmoved
from paybus.trades.cancel import conclude_cancel, news_of_cancel
from paybus.trades.operation import OPEN, Kind, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Verdict
from paybus.trades.pay import conclude_pay, facts_of, news_of_pay
from paybus.trades.refund import conclude_refund
from paybus.trades.trade import (
    WITHOUT_OUTCOME,
    Heard,
    News,
    Trade,
    TradeState,
    contradict,
    hear,
)

EXPIRED = "expired"


def conclude(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    """Say what *outcome* makes of *operation* and *trade*; total, and final operations stay final."""
    outcome = _believable(outcome)
    if operation.state not in OPEN:
        return finished(_hear_late(operation, trade, outcome), operation.state)
    match operation.kind:
        case Kind.PAY:
            return conclude_pay(operation, trade, outcome)
        case Kind.REFUND:
            return conclude_refund(operation, trade, outcome)
        case Kind.CANCEL:
            return conclude_cancel(operation, trade, outcome)


def expire(operation: Operation, trade: Trade) -> Conclusion:
    """Give up a pay that is too old to be sent and is WAITING: never sent, or certainly never executed.

    In any other state it may be at the gateway: it stays as it is and has to be asked about. A worker
    that took a READY pay in itself and has not begun to send it may pass it as WAITING.
    """
    if operation.state not in OPEN:
        return finished(unmoved(trade), operation.state)
    if operation.state is not OperationState.WAITING:
        return still_open(operation, unmoved(trade), operation.state)
    if trade.state not in WITHOUT_OUTCOME:
        return finished(unmoved(trade))  # a callback told us meanwhile
    if trade.state is TradeState.ACCEPTED:
        return rejected(replace(trade, state=TradeState.DECLINED), EXPIRED)
    # It was announced as unknown, and the gateway has since said that it does not exist.
    return replace(finished(hear(trade, News.DECLINED, Facts())), reason=EXPIRED)


def _believable(outcome: Outcome) -> Outcome:
    """Treat a verdict that had to be confirmed and was not as no verdict."""
    if not outcome.confirm:
        return outcome
    taken = outcome.verdict is Verdict.EXECUTED
    reason = "pending" if taken else outcome.reason or "unconfirmed"
    return replace(outcome, verdict=Verdict.UNKNOWN, reason=reason)


def _hear_late(operation: Operation, trade: Trade, outcome: Outcome) -> Heard:
    """Hear what comes after the operation's end: stale as a rule, else a contradiction to be reported."""
    if operation.kind is Kind.REFUND:
        moved_after_all = operation.state is OperationState.REJECTED and outcome.verdict is Verdict.EXECUTED
        return contradict(trade) if moved_after_all else unmoved(trade)
    news = _late_news(operation, trade, outcome)
    return unmoved(trade) if news is None else hear(trade, news, facts_of(outcome))


def _late_news(operation: Operation, trade: Trade, outcome: Outcome) -> News | None:
    if operation.kind is Kind.CANCEL:
        return news_of_cancel(operation, outcome)
    news = news_of_pay(operation, trade, outcome)
    return None if news is News.UNKNOWN else news
