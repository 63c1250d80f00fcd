"""Whether a waiting operation is sent now: the guards, put into what is to be written."""

import pytest
from tests.trades.examples import AMOUNT, a_trade, an_operation

from paybus.trades.conclusion import Conclusion
from paybus.trades.guard import begin_cancel, reserve
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind, OperationState
from paybus.trades.start import Patience, start
from paybus.trades.trade import Trade, TradeState

REJECTED = (Happening.COMMAND_REJECTED,)
OLD = Patience(expired=True)
_S = OperationState


def _start(kind: Kind, trade: Trade | None, patience: Patience | None = None, asked: int = 0) -> Conclusion:
    return start(an_operation(kind, _S.WAITING, asked=asked), trade, patience or Patience())


@pytest.mark.parametrize("state", [TradeState.ACCEPTED, TradeState.UNKNOWN])
def test_a_pay_without_an_outcome_is_sent(state: TradeState) -> None:
    """A waiting pay is sent at once; its trade stays as it is."""
    assert _start(Kind.PAY, a_trade(state)) == Conclusion(state=_S.READY, trade=a_trade(state))


@pytest.mark.parametrize("patience", [Patience(), OLD])
def test_a_pay_whose_outcome_a_callback_told_is_over(patience: Patience) -> None:
    """It is neither sent again nor given up, however old it is."""
    trade = a_trade(TradeState.PAID)
    assert _start(Kind.PAY, trade, patience) == Conclusion(state=_S.DONE, trade=trade)


def test_a_pay_too_old_is_given_up() -> None:
    """A pay that must not be sent any more is answered with the reason."""
    concluded = _start(Kind.PAY, a_trade(TradeState.ACCEPTED), OLD)
    assert (concluded.state, concluded.happenings, concluded.reason) == (_S.REJECTED, REJECTED, "expired")


def test_a_granted_refund_holds_its_money() -> None:
    """READY and the reservation are written together."""
    trade = a_trade(TradeState.PAID)
    concluded = _start(Kind.REFUND, trade)
    assert concluded == Conclusion(state=_S.READY, trade=reserve(trade, AMOUNT))


def test_a_granted_cancel_marks_its_trade() -> None:
    """READY and the mark that holds refunds back are written together."""
    trade = a_trade(TradeState.PAID)
    assert _start(Kind.CANCEL, trade) == Conclusion(state=_S.READY, trade=begin_cancel(trade))


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCEL])
@pytest.mark.parametrize("trade", [None, a_trade(TradeState.UNKNOWN)])
def test_what_waits_looks_again_later(kind: Kind, trade: Trade | None) -> None:
    """Without an outcome of the pay it stays waiting, and looks more and more rarely."""
    first, later = _start(kind, trade), _start(kind, trade, asked=100)
    assert (first.state, first.trade, first.happenings, first.due_seconds) == (_S.WAITING, trade, (), 0.1)
    assert later.due_seconds == 60.0


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCEL])
def test_waiting_for_a_pay_nobody_asked_for_ends(kind: Kind) -> None:
    """Patience with an unknown trade is bounded; patience with an open pay is not."""
    concluded = _start(kind, None, Patience(tired=True))
    assert (concluded.state, concluded.trade, concluded.reason) == (_S.REJECTED, None, "trade_unknown")
    assert concluded.happenings == REJECTED
    assert _start(kind, a_trade(TradeState.UNKNOWN), Patience(tired=True)).state is _S.WAITING


@pytest.mark.parametrize(
    ("kind", "trade", "patience", "reason"),
    [
        (Kind.REFUND, a_trade(TradeState.DECLINED), Patience(), "trade_declined"),
        (Kind.CANCEL, a_trade(TradeState.REFUNDED), Patience(), "trade_refunded"),
        (Kind.REFUND, a_trade(TradeState.PAID), OLD, "expired"),
        (Kind.CANCEL, a_trade(TradeState.PAID), OLD, "expired"),
    ],
)
def test_a_refusal_is_answered_with_its_reason(
    kind: Kind, trade: Trade, patience: Patience, reason: str
) -> None:
    """A refused command is rejected, takes no version and leaves its trade alone."""
    concluded = _start(kind, trade, patience)
    assert (concluded.state, concluded.trade, concluded.reason) == (_S.REJECTED, trade, reason)
    assert concluded.happenings == REJECTED


def test_a_cancel_of_a_revoked_trade_is_already_done() -> None:
    """What the trade already is needs no call."""
    trade = a_trade(TradeState.REVOKED)
    assert _start(Kind.CANCEL, trade) == Conclusion(state=_S.DONE, trade=trade)


@pytest.mark.parametrize("state", [TradeState.ACCEPTED, TradeState.UNKNOWN])
def test_an_overdue_cancel_does_not_wait_for_its_pay(state: TradeState) -> None:
    """READY and the mark are written together, although nothing was heard of the payment."""
    cancel = an_operation(Kind.CANCEL, _S.WAITING, overdue=True)
    concluded = start(cancel, a_trade(state), Patience())
    assert concluded == Conclusion(state=_S.READY, trade=begin_cancel(a_trade(state)))


def test_an_automatic_cancel_of_a_paid_trade_is_withdrawn() -> None:
    """Nobody asked for it, so nobody is told, and the payment stands."""
    cancel = an_operation(Kind.CANCEL, _S.WAITING, overdue=True, automatic=True)
    concluded = start(cancel, a_trade(TradeState.PAID), Patience())
    withdrawn = Conclusion(state=_S.REJECTED, trade=a_trade(TradeState.PAID), reason="withdrawn")
    assert concluded == withdrawn


@pytest.mark.parametrize("state", [TradeState.REVOKED, TradeState.CLOSED])
def test_an_automatic_refund_of_a_late_charge_holds_its_money(state: TradeState) -> None:
    """The charge is in the books of the ended trade, and is reserved like that of any other."""
    trade = a_trade(state, paid_fen=AMOUNT)
    refund = an_operation(Kind.REFUND, _S.WAITING, automatic=True)
    assert start(refund, trade, Patience()) == Conclusion(state=_S.READY, trade=reserve(trade, AMOUNT))
