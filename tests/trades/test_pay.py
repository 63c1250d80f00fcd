"""What the outcome of a pay does to its operation and its trade."""

from dataclasses import replace
from itertools import product

import pytest
from tests.trades.examples import AMOUNT, METHODS, a_trade, an_operation, asked, replied

from paybus.trades.conclusion import Conclusion, conclude
from paybus.trades.happening import Happening
from paybus.trades.judgement import join_reply
from paybus.trades.money import Fen
from paybus.trades.operation import OPEN, Kind, Method, OperationState
from paybus.trades.outcome import Outcome, Verdict
from paybus.trades.trade import WITHOUT_OUTCOME, Trade, TradeState

NEW = a_trade(TradeState.ACCEPTED)
DOUBTED = a_trade(TradeState.UNKNOWN)
KNOWN = sorted(set(TradeState) - WITHOUT_OUTCOME)
_S = OperationState


def _pay(
    outcome: Outcome, trade: Trade = NEW, state: OperationState = _S.READY, method: Method = Method.BARCODE
) -> Conclusion:
    return conclude(an_operation(Kind.PAY, state, method=method), trade, outcome)


@pytest.mark.parametrize("method", METHODS[Kind.PAY])
def test_success_means_paid_only_at_the_till(method: Method) -> None:
    """SUCCESS of a barcode pay is a payment; of the others it is an order that waits for the customer."""
    concluded = _pay(replied(Verdict.EXECUTED, amount_fen=AMOUNT), method=method)
    paid = method is Method.BARCODE
    assert concluded.happenings == (Happening.TRADE_PAID if paid else Happening.TRADE_CREATED,)
    assert concluded.trade is not None
    assert concluded.trade.paid_fen == (AMOUNT if paid else 0)
    assert (concluded.state, concluded.due_seconds) == (_S.DONE, None)


def test_a_refused_pay_is_declined() -> None:
    """The gateway's no is final and announced, whatever amount it mentions: no money moved."""
    concluded = _pay(replied(Verdict.DECLINED, return_code="FAIL", amount_fen=Fen(1)))
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_DECLINED,))


def test_a_timeout_is_unknown_and_asked_about_in_a_second() -> None:
    """A pay without an answer is announced as unknown once, and asked about soon."""
    first = _pay(replied(Verdict.UNKNOWN))
    assert (first.state, first.happenings, first.due_seconds) == (_S.UNKNOWN, (Happening.TRADE_UNKNOWN,), 1.0)
    again = _pay(asked(Verdict.UNKNOWN), DOUBTED, _S.UNKNOWN)
    assert (again.state, again.happenings, again.trade) == (_S.UNKNOWN, (), DOUBTED)


@pytest.mark.parametrize(
    ("state", "asked_before", "due_seconds"),
    [(_S.UNKNOWN, 0, 1.0), (_S.UNKNOWN, 4, 30.0), (_S.PENDING, 99, 3600.0), (_S.READY, 7, 1.0)],
)
def test_inquiries_are_spaced_by_those_that_went_unanswered(
    state: OperationState, asked_before: int, due_seconds: float
) -> None:
    """The schedule counts inquiries; looks taken while it waited to be sent do not delay the first one."""
    operation = an_operation(Kind.PAY, state, asked=asked_before)
    assert conclude(operation, DOUBTED, asked(Verdict.UNKNOWN)).due_seconds == due_seconds


@pytest.mark.parametrize("trade", [NEW, DOUBTED])
def test_what_never_happened_is_sent_again(trade: Trade) -> None:
    """A pay that certainly did not happen waits a second and may be sent again; nothing is announced."""
    for state in (_S.WAITING, _S.READY, _S.UNKNOWN):
        concluded = _pay(asked(Verdict.NOT_EXECUTED), trade, state)
        assert (concluded.state, concluded.trade, concluded.happenings) == (_S.WAITING, trade, ())
        assert concluded.due_seconds == 1.0


@pytest.mark.parametrize(
    ("state", "known", "verdict"),
    list(product(sorted(OPEN), KNOWN, [Verdict.NOT_EXECUTED, Verdict.UNKNOWN])),
)
def test_a_trade_with_an_outcome_is_never_paid_again(
    state: OperationState, known: TradeState, verdict: Verdict
) -> None:
    """Once a callback told the outcome, an inquiry that finds or says nothing ends the pay: no second try."""
    trade = a_trade(known)
    concluded = _pay(asked(verdict), trade, state)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.DONE, trade, ())


def test_a_barcode_order_not_paid_yet_is_pending() -> None:
    """The customer may still confirm it: it stays open, and unknown to everyone else."""
    concluded = _pay(asked(Verdict.EXECUTED, gateway_state=0), DOUBTED, _S.UNKNOWN)
    assert (concluded.state, concluded.happenings) == (_S.PENDING, ())


@pytest.mark.parametrize("gateway_state", [0, 14, 99])
def test_what_the_gateway_showed_once_is_never_sent_again(gateway_state: int) -> None:
    """A pay seen at the gateway in any state stays pending, also when it is then said not to be there."""
    seen = _pay(asked(Verdict.UNKNOWN, gateway_state=gateway_state), DOUBTED, _S.UNKNOWN)
    assert seen.state is _S.PENDING
    gone = _pay(asked(Verdict.NOT_EXECUTED), DOUBTED, seen.state)
    assert (gone.state, gone.happenings) == (_S.PENDING, ())


@pytest.mark.parametrize(
    ("gateway_state", "happening", "paid"),
    [
        (1, Happening.TRADE_PAID, True),
        (2, Happening.TRADE_REVOKED, False),
        (3, Happening.TRADE_REVOCATION_REQUESTED, False),
        (4, Happening.TRADE_PAID, True),
        (5, Happening.TRADE_PAID, True),
        (6, Happening.TRADE_CLOSED, False),
        (8, Happening.TRADE_PAID, True),
        (9, Happening.TRADE_PAID, True),
    ],
)
def test_an_inquiry_adopts_what_the_gateway_shows(
    gateway_state: int, happening: Happening, paid: bool
) -> None:
    """An unknown pay becomes what the gateway says it is, with the codes it tells."""
    found = asked(Verdict.EXECUTED, gateway_state=gateway_state, amount_fen=AMOUNT, down_code="D1")
    concluded = _pay(found, DOUBTED, _S.UNKNOWN)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (happening,))
    assert concluded.trade is not None
    assert (concluded.trade.paid_fen == AMOUNT) == paid
    assert concluded.trade.down_code == "D1"


@pytest.mark.parametrize("verdict", [Verdict.EXECUTED, Verdict.UNKNOWN])
def test_another_amount_is_doubt_and_never_success(verdict: Verdict) -> None:
    """A pay shown with another amount stays unknown, and its trade is not contradicted by it."""
    concluded = _pay(replied(verdict, amount_fen=Fen(1), reason="amount_differs"))
    assert (concluded.state, concluded.happenings) == (_S.UNKNOWN, (Happening.TRADE_UNKNOWN,))


def test_an_executed_pay_in_an_unlisted_state_is_unknown() -> None:
    """A state nobody has told us about is no success, whatever the verdict says."""
    concluded = _pay(replied(Verdict.EXECUTED, gateway_state=99))
    assert (concluded.state, concluded.happenings) == (_S.PENDING, (Happening.TRADE_UNKNOWN,))


def test_a_reply_behind_its_callback_is_stale() -> None:
    """When the callback came first, the reply ends the operation and announces nothing twice."""
    concluded = _pay(replied(Verdict.EXECUTED), a_trade(TradeState.PAID))
    assert (concluded.state, concluded.happenings) == (_S.DONE, ())


def test_declined_after_a_callback_said_paid_is_a_discrepancy() -> None:
    """The gateway contradicts itself: that is announced, and the payment stays known."""
    trade = a_trade(TradeState.PAID)
    concluded = _pay(replied(Verdict.DECLINED), trade)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.TRADE_DISCREPANCY,))
    assert concluded.trade is not None
    assert (concluded.trade.state, concluded.trade.paid_fen) == (TradeState.PAID, AMOUNT)


@pytest.mark.parametrize("state", [_S.UNKNOWN, _S.DONE])
def test_a_refused_pay_that_was_paid_and_revoked_is_revoked(state: OperationState) -> None:
    """FAIL, then a callback that says paid, then an order that is gone: revoked, and no contradiction."""
    refused = replied(Verdict.DECLINED, return_code="FAIL", gateway_state=2, amount_fen=AMOUNT)
    assert _pay(refused, DOUBTED, _S.UNKNOWN).happenings == (Happening.TRADE_DECLINED,)
    assert _pay(refused, a_trade(TradeState.PAID), state).happenings == (Happening.TRADE_REVOKED,)


@pytest.mark.parametrize("state", [_S.DONE, _S.REJECTED])
@pytest.mark.parametrize("ended", [TradeState.REVOKED, TradeState.CLOSED, TradeState.DECLINED])
def test_success_after_the_end_is_a_discrepancy(state: OperationState, ended: TradeState) -> None:
    """Money that turns up after a cancel, a close or an expiry is announced; the answer given stands."""
    concluded = _pay(asked(Verdict.EXECUTED, gateway_state=1, amount_fen=AMOUNT), a_trade(ended), state)
    assert (concluded.state, concluded.happenings) == (state, (Happening.TRADE_DISCREPANCY,))


def test_a_refused_pay_that_our_own_cancel_revoked_is_revoked() -> None:
    """FAIL, charged all the same, and not to be asked about before its overdue cancel had given that back.

    To call it declined would say that no money had moved; without a cancel of ours it was put away unpaid.
    """
    operation = an_operation(Kind.PAY, _S.UNKNOWN, reply_code="FAIL")
    shown = join_reply(operation, asked(Verdict.EXECUTED, return_code="SUCCESS", gateway_state=2))
    revoked = conclude(operation, replace(DOUBTED, cancelling=True), shown)
    assert (revoked.state, revoked.happenings) == (_S.DONE, (Happening.TRADE_REVOKED,))
    declined = conclude(operation, DOUBTED, shown)
    assert (declined.state, declined.happenings) == (_S.DONE, (Happening.TRADE_DECLINED,))
