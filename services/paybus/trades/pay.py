"""What the outcome of a pay does to its operation and its trade."""

from dataclasses import replace

from paybus.trades.aftermath import Conclusion, finished, send_later, still_open, still_unknown, unmoved
from paybus.trades.judgement import NEWS_OF_STATE
from paybus.trades.operation import Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Verdict
from paybus.trades.trade import WITHOUT_OUTCOME, Heard, News, Trade, hear, other_amount


def conclude_pay(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    """Conclude an open pay; a trade that got its outcome elsewhere (a callback) is never paid again."""
    news = news_of_pay(operation, trade, outcome)
    if news is News.UNKNOWN:
        return _unanswered(operation, trade, outcome)
    if news is None:
        return send_later(operation, trade) if _open(trade) else finished(unmoved(trade))
    if news is News.CREATED and operation.method is Method.BARCODE and _open(trade):
        # It is at the gateway and not paid: the customer may still confirm it.
        return _taken(operation, trade, outcome)
    return finished(hear(trade, news, facts_of(outcome)))


def news_of_pay(operation: Operation, trade: Trade, outcome: Outcome) -> News | None:
    """Say what *outcome* tells about *trade*; None is the certainty that nothing was executed."""
    match outcome.verdict:
        case Verdict.EXECUTED:
            return _news_of_success(operation, outcome.facts)
        case Verdict.DECLINED:
            # Where we know more than the refusal, the state the gateway shows now is the news.
            shown = None if _open(trade) else _shown(outcome.facts)
            if trade.cancelling and _shown(outcome.facts) is News.REVOKED:
                # Our own cancel did that, and may have given back what was charged in spite of the refusal.
                return News.REVOKED
            return News.DECLINED if shown in {None, News.UNKNOWN} else shown
        case Verdict.NOT_EXECUTED:
            return None
        case Verdict.UNKNOWN:
            return News.UNKNOWN


def facts_of(outcome: Outcome) -> Facts:
    """Give the facts to be remembered: where nothing was executed, an amount proves nothing."""
    believed = outcome.verdict is Verdict.EXECUTED
    return outcome.facts if believed else replace(outcome.facts, amount_fen=None)


def _unanswered(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    if not _open(trade):
        return finished(unmoved(trade))
    if outcome.facts.gateway_state is not None:
        return _taken(operation, trade, outcome)
    return still_unknown(operation, _doubt(trade, outcome))


def _taken(operation: Operation, trade: Trade, outcome: Outcome) -> Conclusion:
    # The gateway showed it to us, so it must never be sent again: PENDING has no way back to WAITING.
    return still_open(operation, _doubt(trade, outcome), OperationState.PENDING)


def _doubt(trade: Trade, outcome: Outcome) -> Heard:
    # An amount that differs is a reason for doubt, not a fact about this trade.
    return hear(trade, News.UNKNOWN, replace(outcome.facts, amount_fen=None))


def _news_of_success(operation: Operation, facts: Facts) -> News:
    if other_amount(operation.amount_fen, facts):
        return News.UNKNOWN
    paid_at_once = operation.method is Method.BARCODE
    return _shown(facts) or (News.PAID if paid_at_once else News.CREATED)


def _shown(facts: Facts) -> News | None:
    """Say what the gateway's state of the order is for us; None if it showed none."""
    state = facts.gateway_state
    return None if state is None else NEWS_OF_STATE.get(state, News.UNKNOWN)


def _open(trade: Trade) -> bool:
    return trade.state in WITHOUT_OUTCOME
