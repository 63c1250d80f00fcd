"""What the outcome of a refund does to its operation and to the trade's books."""

import pytest
from tests.trades.examples import AMOUNT, a_trade, an_operation, asked, replied

from paybus.trades.conclusion import Conclusion, conclude
from paybus.trades.guard import reserve
from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.operation import ON_ITS_WAY, OPEN, Kind, OperationState
from paybus.trades.outcome import Outcome, Verdict
from paybus.trades.trade import Trade, TradeState

PART = Fen(5800)
PAID = a_trade(TradeState.PAID)
HELD = reserve(PAID, PART)
PENDING = asked(Verdict.UNKNOWN, reason="pending")
_S = OperationState
ON_ITS_WAY_STATES = sorted(ON_ITS_WAY)


def _refund(
    outcome: Outcome, trade: Trade = HELD, state: OperationState = _S.READY, amount: Fen = PART
) -> Conclusion:
    return conclude(an_operation(Kind.REFUND, state, amount_fen=amount), trade, outcome)


def _books(concluded: Conclusion) -> tuple[int, int, int]:
    assert concluded.trade is not None
    return concluded.trade.paid_fen, concluded.trade.refunded_fen, concluded.trade.reserved_fen


@pytest.mark.parametrize("state", ON_ITS_WAY_STATES)
def test_a_part_that_went_back(state: OperationState) -> None:
    """A refund of a part is counted, its reservation released, and two events tell of it in order."""
    concluded = _refund(asked(Verdict.EXECUTED, gateway_state=11), HELD, state)
    assert concluded.state is _S.DONE
    assert concluded.happenings == (Happening.REFUND_SUCCEEDED, Happening.TRADE_PARTIALLY_REFUNDED)
    assert _books(concluded) == (AMOUNT, PART, 0)
    assert concluded.trade is not None
    assert concluded.trade.version == HELD.version + 2


def test_the_last_part_makes_the_trade_refunded() -> None:
    """When everything paid went back, the trade is refunded."""
    trade = reserve(a_trade(TradeState.PARTIALLY_REFUNDED, refunded_fen=Fen(AMOUNT - PART)), PART)
    concluded = _refund(asked(Verdict.EXECUTED), trade)
    assert concluded.happenings == (Happening.REFUND_SUCCEEDED, Happening.TRADE_REFUNDED)
    assert _books(concluded) == (AMOUNT, AMOUNT, 0)


@pytest.mark.parametrize("state", ON_ITS_WAY_STATES)
@pytest.mark.parametrize("gateway_state", [9, 12, 13])
def test_a_refund_that_failed_releases_its_money(state: OperationState, gateway_state: int) -> None:
    """A failed refund (12 and 13 alike) gives its reservation back and leaves the trade as paid as it was."""
    concluded = _refund(asked(Verdict.DECLINED, gateway_state=gateway_state), HELD, state)
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.REFUND_FAILED,))
    assert _books(concluded) == (AMOUNT, 0, 0)
    assert concluded.trade is not None
    assert concluded.trade.state is TradeState.PAID


@pytest.mark.parametrize("state", [_S.READY, _S.UNKNOWN])
def test_a_refund_that_never_happened_releases_its_money_before_it_waits(state: OperationState) -> None:
    """Back at the guard it holds nothing: it is granted, and reserves, again before it is sent again."""
    concluded = _refund(asked(Verdict.NOT_EXECUTED), HELD, state)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.WAITING, PAID, ())


def test_what_the_gateway_took_keeps_its_money() -> None:
    """A pending refund that the gateway then cannot find stays pending and holds its money."""
    concluded = _refund(asked(Verdict.NOT_EXECUTED), HELD, _S.PENDING)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.PENDING, HELD, ())


def test_a_taken_refund_is_accepted_once() -> None:
    """A refund under way is announced as accepted, once, and its money stays held."""
    first = _refund(PENDING)
    assert (first.state, first.happenings) == (_S.PENDING, (Happening.REFUND_ACCEPTED,))
    assert _books(first) == (AMOUNT, 0, PART)
    again = _refund(PENDING, HELD, _S.PENDING)
    assert (again.state, again.happenings, again.trade) == (_S.PENDING, (), HELD)


def test_success_before_its_inquiry_is_only_accepted() -> None:
    """The gateway's SUCCESS says that it took the refund; money counts when the refund's state says so."""
    concluded = _refund(replied(Verdict.EXECUTED, return_code="SUCCESS", confirm=True))
    assert (concluded.state, concluded.happenings) == (_S.PENDING, (Happening.REFUND_ACCEPTED,))
    assert _books(concluded) == (AMOUNT, 0, PART)


def test_a_timeout_is_unknown_once_and_accepted_when_found() -> None:
    """An unanswered refund is announced as unknown once; when the gateway shows it, as accepted."""
    first = _refund(replied(Verdict.UNKNOWN))
    assert (first.state, first.happenings) == (_S.UNKNOWN, (Happening.REFUND_UNKNOWN,))
    again = _refund(asked(Verdict.UNKNOWN), HELD, _S.UNKNOWN)
    assert (again.state, again.happenings) == (_S.UNKNOWN, ())
    found = _refund(PENDING, HELD, _S.UNKNOWN)
    assert (found.state, found.happenings) == (_S.PENDING, (Happening.REFUND_ACCEPTED,))


def test_silence_does_not_make_a_taken_refund_unknown() -> None:
    """An inquiry without an answer leaves a pending refund pending."""
    concluded = _refund(asked(Verdict.UNKNOWN), HELD, _S.PENDING)
    assert (concluded.state, concluded.happenings) == (_S.PENDING, ())


def test_doubt_about_a_waiting_refund_holds_its_money() -> None:
    """Should a refund that holds nothing turn out to be in doubt, its money is held from then on."""
    concluded = _refund(replied(Verdict.UNKNOWN), PAID, _S.WAITING)
    assert (concluded.state, concluded.happenings) == (_S.UNKNOWN, (Happening.REFUND_UNKNOWN,))
    assert _books(concluded) == (AMOUNT, 0, PART)


def test_a_waiting_refund_without_money_to_hold_goes_on_waiting() -> None:
    """Where nothing is left to hold, the guard decides before anything is sent."""
    taken = reserve(PAID, AMOUNT)
    concluded = _refund(replied(Verdict.UNKNOWN), taken, _S.WAITING)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.WAITING, taken, ())


def test_a_waiting_refund_releases_nobody_elses_money() -> None:
    """A refund that holds nothing takes nothing from what other refunds hold."""
    for verdict in (Verdict.DECLINED, Verdict.NOT_EXECUTED):
        assert _books(_refund(asked(verdict), HELD, _S.WAITING)) == (AMOUNT, 0, PART)


@pytest.mark.parametrize("state", sorted(OPEN))
@pytest.mark.parametrize("trade_state", [TradeState.ACCEPTED, TradeState.DECLINED, TradeState.REFUNDED])
def test_more_back_than_paid_is_a_discrepancy(state: OperationState, trade_state: TradeState) -> None:
    """The gateway's word about the refund is passed on, and that it cannot be is said beside it."""
    trade = a_trade(trade_state, refunded_fen=a_trade(trade_state).paid_fen)
    concluded = _refund(asked(Verdict.EXECUTED), trade, state)
    assert concluded.happenings == (Happening.REFUND_SUCCEEDED, Happening.TRADE_DISCREPANCY)
    assert _books(concluded) == (trade.paid_fen, trade.refunded_fen, 0)


def test_a_refund_of_a_revoked_trade_is_counted_and_reported() -> None:
    """Money given back twice (by a revocation and by a refund) is counted, and announced as a discrepancy."""
    trade = a_trade(TradeState.REVOKED, paid_fen=AMOUNT, reserved_fen=PART)
    concluded = _refund(asked(Verdict.EXECUTED), trade)
    assert concluded.happenings == (Happening.REFUND_SUCCEEDED, Happening.TRADE_DISCREPANCY)
    assert _books(concluded) == (AMOUNT, PART, 0)


@pytest.mark.parametrize("trade_state", [TradeState.REVOKED, TradeState.CLOSED])
def test_the_refund_of_a_late_charge_is_counted_and_contradicts_nothing(trade_state: TradeState) -> None:
    """We gave it back ourselves: the refund is announced, its money counted, and the trade stays ended."""
    trade = reserve(a_trade(trade_state, paid_fen=AMOUNT), AMOUNT)
    refund = an_operation(Kind.REFUND, _S.READY, automatic=True)
    concluded = conclude(refund, trade, asked(Verdict.EXECUTED))
    assert (concluded.state, concluded.happenings) == (_S.DONE, (Happening.REFUND_SUCCEEDED,))
    assert _books(concluded) == (AMOUNT, AMOUNT, 0)
    assert concluded.trade is not None
    assert (concluded.trade.state, concluded.trade.version) == (trade_state, trade.version + 1)


@pytest.mark.parametrize("verdict", Verdict)
def test_late_news_of_a_finished_refund_changes_no_books(verdict: Verdict) -> None:
    """A refund counted or failed is not counted or released again."""
    concluded = _refund(asked(verdict), HELD, _S.DONE)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.DONE, HELD, ())


def test_money_back_from_a_refund_we_rejected_is_a_discrepancy() -> None:
    """A refund we said was never sent, and which the gateway executed, is reported."""
    concluded = _refund(asked(Verdict.EXECUTED), PAID, _S.REJECTED)
    assert (concluded.state, concluded.happenings) == (_S.REJECTED, (Happening.TRADE_DISCREPANCY,))
    assert _books(concluded) == (AMOUNT, 0, 0)
