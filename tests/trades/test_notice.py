"""What a callback does to its trade: only "paid", of the right amount, is believed as it stands."""

from itertools import product

import pytest
from tests.trades.examples import AMOUNT, a_trade, rows

from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.notice import Receipt, notice
from paybus.trades.outcome import Facts
from paybus.trades.trade import TradeState

PAID = Facts(gateway_state=1, amount_fen=AMOUNT, down_code="D1")
EXPECTED = rows("""
                     receipt     event
accepted             applied     trade.paid
unknown              applied     trade.paid
awaiting_payment     applied     trade.paid
paid                 stale       -
partially_refunded   stale       -
refunded             stale       -
revocation_requested discrepancy trade.discrepancy
revoked              discrepancy trade.discrepancy
closed               discrepancy trade.discrepancy
declined             discrepancy trade.discrepancy
""")


@pytest.mark.parametrize("state", TradeState)
def test_paid_in_every_state(state: TradeState) -> None:
    """Paid is applied where the outcome was open, stale where it was known, else a discrepancy."""
    receipt, heard = notice(a_trade(state), PAID)
    assert heard is not None
    assert receipt == EXPECTED[state]["receipt"]
    assert list(heard.happenings) == [event for event in [EXPECTED[state]["event"]] if event != "-"]


@pytest.mark.parametrize("state", [TradeState.REVOKED, TradeState.REVOCATION_REQUESTED])
def test_a_late_copy_of_a_known_payment_is_stale(state: TradeState) -> None:
    """A repeated callback about a payment we knew, and which was then revoked, is no discrepancy."""
    assert notice(a_trade(state, paid_fen=AMOUNT), PAID)[0] is Receipt.STALE


@pytest.mark.parametrize(
    ("state", "gateway_state"), list(product(TradeState, [None, 0, 2, 3, 4, 5, 6, 8, 9, 11, 99]))
)
def test_any_other_state_is_only_recorded(state: TradeState, gateway_state: int | None) -> None:
    """A callback that says anything else than paid moves nothing: an inquiry has to prove it."""
    facts = Facts(gateway_state=gateway_state, amount_fen=AMOUNT)
    assert notice(a_trade(state), facts) == (Receipt.RECORDED, None)


@pytest.mark.parametrize(
    ("state", "amount"), list(product(TradeState, [None, Fen(AMOUNT - 1), Fen(AMOUNT + 1)]))
)
def test_another_amount_is_a_discrepancy_and_not_applied(state: TradeState, amount: Fen | None) -> None:
    """A callback of another amount, or of none, is announced and pays nothing."""
    trade = a_trade(state)
    receipt, heard = notice(trade, Facts(gateway_state=1, amount_fen=amount))
    assert heard is not None
    assert (receipt, heard.happenings) == (Receipt.DISCREPANCY, (Happening.TRADE_DISCREPANCY,))
    assert (heard.trade.state, heard.trade.paid_fen) == (state, trade.paid_fen)


def test_a_trade_we_do_not_know_is_unmatched() -> None:
    """A callback that overtook its pay, or belongs to nobody, is kept for later."""
    assert notice(None, PAID) == (Receipt.UNMATCHED, None)
