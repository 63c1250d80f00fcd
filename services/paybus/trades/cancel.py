"""What the outcome of a cancel does to its operation and its trade."""

from dataclasses import replace

from paybus.trades import return_code
from paybus.trades.aftermath import (
    Conclusion,
    finished,
    rejected,
    send_later,
    still_open,
    still_unknown,
    unmoved,
)
from paybus.trades.judgement import NEWS_OF_STATE
from paybus.trades.operation import ON_ITS_WAY, Method, Operation, OperationState
from paybus.trades.outcome import Outcome, Verdict
from paybus.trades.trade import News, Trade, TradeState, hear, other_amount

_OFF = frozenset({News.REVOKED, News.REVOCATION_REQUESTED, News.CLOSED})
"""What the gateway may call a trade whose cancel was executed."""


def conclude_cancel(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    """Conclude an open cancel; the trade is `cancelling` as long as one may be on its way."""
    concluded = _conclude(operation, trade, outcome)
    after = concluded.trade or trade
    return replace(concluded, trade=replace(after, cancelling=concluded.state in ON_ITS_WAY))


def news_of_cancel(operation: Operation, outcome: Outcome) -> News | None:
    """Say what an executed cancel made of the trade; None where the gateway's state does not confirm it."""
    if outcome.verdict is not Verdict.EXECUTED:
        return None
    if outcome.facts.gateway_state is not None:
        news = NEWS_OF_STATE.get(outcome.facts.gateway_state)
        return news if news in _OFF else None
    applied_for = operation.method is Method.APPLICATION
    if applied_for and outcome.return_code != return_code.ALREADY_REVOKED:
        return News.REVOCATION_REQUESTED
    return News.REVOKED


def _conclude(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    match outcome.verdict:
        case Verdict.EXECUTED:
            return _executed(operation, trade, outcome)
        case Verdict.DECLINED:
            return rejected(trade, outcome.reason or outcome.return_code)
        case Verdict.NOT_EXECUTED:
            return send_later(operation, trade)
        case Verdict.UNKNOWN:
            # That a cancel is open says nothing new about the payment.
            return still_unknown(operation, unmoved(trade))


def _executed(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    news = news_of_cancel(operation, outcome)
    if news is None or other_amount(trade.amount_fen, outcome.facts):
        return still_unknown(operation, unmoved(trade))
    heard = hear(trade, news, outcome.facts)
    if news is News.REVOCATION_REQUESTED and heard.trade.state is TradeState.REVOCATION_REQUESTED:
        return still_open(operation, heard, OperationState.PENDING)
    return finished(heard)
