"""What holds for every conclusion, whatever the kind, the states and the outcome; and expiry."""

from collections.abc import Iterator
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.trades.examples import AMOUNT, METHODS, a_trade, an_operation, asked, replied

from paybus.trades.conclusion import Conclusion, conclude, expire
from paybus.trades.guard import AlreadySo, Refused, may_pay, may_refund
from paybus.trades.happening import UNVERSIONED, Happening
from paybus.trades.money import Fen
from paybus.trades.operation import OPEN, Kind, Method, Operation, OperationState, may_follow
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.trade import Reading, Trade, TradeState

NO = {Happening.TRADE_DECLINED, Happening.REFUND_FAILED, Happening.COMMAND_REJECTED}
YES = set(Happening) - NO - {
    Happening.TRADE_UNKNOWN,
    Happening.REFUND_UNKNOWN,
    Happening.REFUND_ACCEPTED,
    Happening.TRADE_DISCREPANCY,
}  # fmt: skip
GATEWAY_STATES = (None, 0, 1, 2, 3, 4, 5, 6, 8, 11, 14, 99)
AMOUNTS = (None, AMOUNT, Fen(AMOUNT + 1))
REASONS = (None, "pending")
KINDS = [(kind, method) for kind, methods in METHODS.items() for method in methods]
_S = OperationState


def _outcomes() -> Iterator[Outcome]:
    for verdict, confirm, state, amount, reason in product(
        Verdict, (False, True), GATEWAY_STATES, AMOUNTS, REASONS
    ):
        facts = Facts(gateway_state=state, amount_fen=amount)
        yield Outcome(verdict=verdict, source=Source.REPLY, reason=reason, facts=facts, confirm=confirm)


def _trades() -> Iterator[Trade]:
    for state, cancelling in product(TradeState, (False, True)):
        trade = a_trade(state, cancelling=cancelling)
        yield trade
        if trade.paid_fen:
            yield a_trade(state, refunded_fen=Fen(800), reserved_fen=Fen(AMOUNT - 800))


def _check(operation: Operation, trade: Trade, outcome: Outcome, concluded: Conclusion) -> None:
    after = concluded.trade
    assert after is not None
    was_open = operation.state in OPEN
    assert may_follow(operation.state, concluded.state) if was_open else concluded.state is operation.state
    versioned = [one for one in concluded.happenings if one not in UNVERSIONED]
    assert after.version == trade.version + len(versioned)
    assert (concluded.due_seconds or 0) > 0 if concluded.state in OPEN else concluded.due_seconds is None
    assert after.refunded_fen >= 0
    assert after.reserved_fen >= 0
    assert after.refunded_fen + after.reserved_fen <= after.paid_fen <= after.amount_fen
    if outcome.confirm or outcome.verdict in {Verdict.UNKNOWN, Verdict.NOT_EXECUTED}:
        assert not set(concluded.happenings) & (NO | YES)
    if set(concluded.happenings) & NO:
        assert outcome.verdict is Verdict.DECLINED


@pytest.mark.parametrize(("kind", "method"), KINDS)
@pytest.mark.parametrize("state", OperationState)
def test_conclusions_are_total_and_keep_the_books(kind: Kind, method: Method, state: OperationState) -> None:
    """For every trade and outcome: no error, a permitted next state, gapless versions, whole books.

    And nothing is announced as done or refused on the strength of an outcome that is unknown, not
    executed or still to be confirmed.
    """
    operation = an_operation(kind, state, method=method, amount_fen=Fen(800))
    if kind is Kind.PAY:
        operation = an_operation(kind, state, method=method)
    for trade in _trades():
        for outcome in _outcomes():
            _check(operation, trade, outcome, conclude(operation, trade, outcome))


DOUBTS = st.builds(
    Outcome,
    verdict=st.just(Verdict.UNKNOWN),
    source=st.sampled_from(Source),
    reason=st.sampled_from([None, "timeout", "pending", "inside_query_lag", "return_code_unlisted"]),
    confirm=st.booleans(),
    facts=st.builds(Facts, gateway_state=st.sampled_from(GATEWAY_STATES)),
)


@given(st.sampled_from(KINDS), st.sampled_from(TradeState), st.lists(DOUBTS, min_size=1, max_size=20))
def test_doubt_alone_never_ends_in_failure(
    what: tuple[Kind, Method], state: TradeState, doubts: list[Outcome]
) -> None:
    """However often the gateway does not tell, nothing becomes declined, rejected or sendable again."""
    kind, method = what
    operation, trade = an_operation(kind, _S.READY, method=method), a_trade(state)
    known = trade.state
    for doubt in doubts:
        concluded = conclude(operation, trade, doubt)
        assert concluded.trade is not None
        assert not set(concluded.happenings) & (NO | YES)
        assert concluded.state not in {_S.WAITING, _S.READY, _S.REJECTED}
        trade = concluded.trade
        operation = an_operation(kind, concluded.state, method=method)
        assert trade.state in {known, TradeState.UNKNOWN}


@pytest.mark.parametrize(
    ("kind", "state"),
    [(Kind.PAY, _S.UNKNOWN), (Kind.CANCEL, _S.UNKNOWN), (Kind.REFUND, _S.UNKNOWN)],
)
def test_a_refusal_to_be_confirmed_is_doubt(kind: Kind, state: OperationState) -> None:
    """A no that has to be confirmed, and was not, leaves the operation unknown."""
    concluded = conclude(
        an_operation(kind), a_trade(TradeState.UNKNOWN), replied(Verdict.DECLINED, confirm=True)
    )
    assert concluded.state is state


@pytest.mark.parametrize("state", [_S.DONE, _S.REJECTED])
@pytest.mark.parametrize("kind", Kind)
def test_silence_after_the_end_is_nothing(kind: Kind, state: OperationState) -> None:
    """An outcome that tells nothing leaves a finished operation and its trade as they are."""
    trade = a_trade(TradeState.PAID)
    for verdict in (Verdict.UNKNOWN, Verdict.NOT_EXECUTED):
        concluded = conclude(an_operation(kind, state), trade, asked(verdict))
        assert (concluded.state, concluded.trade, concluded.happenings) == (state, trade, ())


def test_a_pay_too_old_and_never_sent_is_rejected() -> None:
    """It is answered `command.rejected`, expired, without a version; its trade is not paid or refunded."""
    concluded = expire(an_operation(Kind.PAY, _S.WAITING), a_trade(TradeState.ACCEPTED))
    assert (concluded.state, concluded.reason) == (_S.REJECTED, "expired")
    assert concluded.happenings == (Happening.COMMAND_REJECTED,)
    assert concluded.trade is not None
    assert concluded.trade.version == 0
    assert may_pay(concluded.trade) == AlreadySo()
    assert may_refund(concluded.trade, Fen(1)) == Refused("trade_declined")


def test_a_pay_too_old_that_was_announced_unknown_is_declined() -> None:
    """What was said to be unknown is answered where it was said: by an event of the trade."""
    doubted = a_trade(TradeState.UNKNOWN)
    concluded = expire(an_operation(Kind.PAY, _S.WAITING), doubted)
    assert (concluded.state, concluded.reason) == (_S.DONE, "expired")
    assert concluded.happenings == (Happening.TRADE_DECLINED,)
    assert concluded.trade is not None
    assert concluded.trade.version == doubted.version + 1


@pytest.mark.parametrize("state", [_S.READY, _S.UNKNOWN, _S.PENDING])
@pytest.mark.parametrize("trade_state", TradeState)
def test_what_may_be_at_the_gateway_does_not_expire(state: OperationState, trade_state: TradeState) -> None:
    """Age proves nothing about a pay that may have been sent: it is asked about, not given up."""
    trade = a_trade(trade_state)
    concluded = expire(an_operation(Kind.PAY, state), trade)
    assert (concluded.state, concluded.trade, concluded.happenings) == (state, trade, ())
    assert concluded.due_seconds == 1.0


@pytest.mark.parametrize("trade_state", sorted(set(TradeState) - {TradeState.ACCEPTED, TradeState.UNKNOWN}))
def test_expiry_contradicts_no_outcome(trade_state: TradeState) -> None:
    """A trade whose outcome a callback told ends its waiting pay without a word."""
    trade = a_trade(trade_state)
    concluded = expire(an_operation(Kind.PAY, _S.WAITING), trade)
    assert (concluded.state, concluded.trade, concluded.happenings) == (_S.DONE, trade, ())
    assert concluded.reading is Reading.STALE


@pytest.mark.parametrize("state", [_S.DONE, _S.REJECTED])
def test_what_is_finished_does_not_expire(state: OperationState) -> None:
    """A finished pay is not given up a second time."""
    trade = a_trade(TradeState.UNKNOWN)
    concluded = expire(an_operation(Kind.PAY, state), trade)
    assert (concluded.state, concluded.trade, concluded.happenings) == (state, trade, ())
