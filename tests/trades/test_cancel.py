"""What the outcome of a cancel does to its operation and its trade."""

from itertools import product

import pytest
from tests.trades.examples import AMOUNT, METHODS, a_trade, an_operation, asked, replied

from paybus.trades.conclusion import Conclusion, conclude
from paybus.trades.guard import Granted, Wait, begin_cancel, may_cancel, may_refund
from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.operation import ON_ITS_WAY, OPEN, Kind, Method, OperationState
from paybus.trades.outcome import Outcome, Verdict
from paybus.trades.trade import Trade, TradeState

PAID = begin_cancel(a_trade(TradeState.PAID))
REQUESTED = begin_cancel(a_trade(TradeState.REVOCATION_REQUESTED, paid_fen=AMOUNT))
_S = OperationState


def _cancel(
    outcome: Outcome, trade: Trade = PAID, state: OperationState = _S.READY, method: Method = Method.REALTIME
) -> Conclusion:
    # A cancel's own amount is nothing: its trade's is what counts.
    return conclude(an_operation(Kind.CANCEL, state, method=method, amount_fen=Fen(0)), trade, outcome)


@pytest.mark.parametrize(
    ("state", "verdict", "method"), list(product(sorted(OPEN), Verdict, METHODS[Kind.CANCEL]))
)
def test_a_trade_is_cancelling_exactly_while_a_cancel_may_be_at_the_gateway(
    state: OperationState, verdict: Verdict, method: Method
) -> None:
    """The mark that holds refunds back stays while the cancel is unknown or pending, and ends with it."""
    for trade in (PAID, a_trade(TradeState.PAID), REQUESTED):
        concluded = _cancel(replied(verdict), trade, state, method)
        assert concluded.trade is not None
        assert concluded.trade.cancelling == (concluded.state in ON_ITS_WAY)


def test_success_revokes() -> None:
    """SUCCESS of a cancel in real time revokes the trade, for good; what was paid stays known."""
    concluded = _cancel(replied(Verdict.EXECUTED, return_code="SUCCESS"))
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_REVOKED,))
    assert concluded.trade is not None
    assert concluded.trade.paid_fen == AMOUNT


def test_success_of_an_application_is_only_a_request() -> None:
    """A revocation that is only applied for is pending until the trade's state tells."""
    requested = _cancel(replied(Verdict.EXECUTED, return_code="SUCCESS"), method=Method.APPLICATION)
    assert (requested.state, requested.happenings) == (_S.PENDING, (Happening.TRADE_REVOCATION_REQUESTED,))
    assert requested.trade is not None
    found = asked(Verdict.EXECUTED, gateway_state=2)
    concluded = _cancel(found, requested.trade, requested.state, Method.APPLICATION)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_REVOKED,))


def test_a_request_seen_again_is_not_announced_again() -> None:
    """An inquiry that still shows the request keeps the cancel pending, silently."""
    again = _cancel(asked(Verdict.EXECUTED, gateway_state=3), REQUESTED, _S.PENDING, Method.APPLICATION)
    assert (again.state, again.happenings, again.trade) == (_S.PENDING, (), REQUESTED)


@pytest.mark.parametrize("method", METHODS[Kind.CANCEL])
def test_already_revoked_is_revoked(method: Method) -> None:
    """AREADY_REVOKED says that the trade is revoked, also to a cancel that only applied for it."""
    concluded = _cancel(replied(Verdict.EXECUTED, return_code="AREADY_REVOKED"), method=method)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_REVOKED,))


@pytest.mark.parametrize("state", sorted(OPEN))
def test_the_gateways_no_rejects_the_command_and_leaves_the_trade(state: OperationState) -> None:
    """A declined cancel is a rejected command with the gateway's code as reason; it takes no version."""
    concluded = _cancel(replied(Verdict.DECLINED, return_code="FAIL"), state=state)
    assert (concluded.state, concluded.happenings) == (_S.REJECTED, (Happening.COMMAND_REJECTED,))
    assert concluded.reason == "FAIL"
    assert concluded.trade == a_trade(TradeState.PAID)


def test_a_timeout_says_nothing_about_the_payment() -> None:
    """An unknown cancel announces nothing of the trade, whose payment is as known as before."""
    for state in (TradeState.ACCEPTED, TradeState.PAID):
        trade = begin_cancel(a_trade(state))
        concluded = _cancel(replied(Verdict.UNKNOWN), trade)
        assert (concluded.state, concluded.happenings, concluded.trade) == (_S.UNKNOWN, (), trade)


def test_what_never_happened_goes_back_to_the_guard() -> None:
    """A cancel that certainly did not happen frees the trade for refunds until it is granted again."""
    concluded = _cancel(asked(Verdict.NOT_EXECUTED), state=_S.UNKNOWN)
    assert (concluded.state, concluded.happenings) == (_S.WAITING, ())
    assert concluded.trade is not None
    assert may_refund(PAID, Fen(1)) == Wait()
    assert may_refund(concluded.trade, Fen(1)) == Granted()
    assert may_cancel(concluded.trade) == Granted()


def test_what_the_gateway_took_is_not_sent_again() -> None:
    """A pending revocation stays pending when the trade looks unrevoked."""
    concluded = _cancel(asked(Verdict.NOT_EXECUTED), REQUESTED, _S.PENDING, Method.APPLICATION)
    assert (concluded.state, concluded.trade) == (_S.PENDING, REQUESTED)


@pytest.mark.parametrize("gateway_state", [0, 1, 4, 5, 8, 9, 12, 99])
def test_no_state_but_a_revoked_or_closed_one_confirms_a_cancel(gateway_state: int) -> None:
    """Whatever the verdict, a trade the gateway shows alive or in an unlisted state is not cancelled."""
    concluded = _cancel(replied(Verdict.EXECUTED, gateway_state=gateway_state))
    assert (concluded.state, concluded.happenings, concluded.trade) == (_S.UNKNOWN, (), PAID)


def test_a_cancel_shown_with_another_amount_stays_unknown() -> None:
    """A revocation of another amount than the trade's is no success."""
    concluded = _cancel(asked(Verdict.EXECUTED, gateway_state=2, amount_fen=Fen(1)))
    assert (concluded.state, concluded.happenings, concluded.trade) == (_S.UNKNOWN, (), PAID)


def test_revoked_after_a_partial_refund_is_a_discrepancy() -> None:
    """A trade that was partly given back can not be revoked whole: reported, the books stay."""
    trade = begin_cancel(a_trade(TradeState.PARTIALLY_REFUNDED, refunded_fen=Fen(800)))
    concluded = _cancel(replied(Verdict.EXECUTED), trade)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_DISCREPANCY,))
    assert concluded.trade is not None
    assert concluded.trade.refunded_fen == 800


def test_a_closed_trade_ends_its_cancel() -> None:
    """Where the gateway closed the order instead, there is nothing left to cancel."""
    trade = begin_cancel(a_trade(TradeState.AWAITING_PAYMENT))
    concluded = _cancel(asked(Verdict.EXECUTED, gateway_state=6), trade, _S.UNKNOWN)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_CLOSED,))


def test_a_late_answer_to_a_finished_cancel_is_heard() -> None:
    """A revocation after the cancel was rejected still reaches the trade; a late no does not."""
    trade = a_trade(TradeState.PAID)
    late = _cancel(asked(Verdict.EXECUTED, gateway_state=2), trade, _S.REJECTED)
    assert (late.state, late.happenings) == (_S.REJECTED, (Happening.TRADE_REVOKED,))
    refused = _cancel(replied(Verdict.DECLINED), trade, _S.DONE)
    assert (refused.state, refused.happenings, refused.trade) == (_S.DONE, (), trade)
