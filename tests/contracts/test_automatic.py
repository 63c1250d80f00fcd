"""The commands that Paybus asks itself for."""

from hypothesis import given
from hypothesis import strategies as st

from paybus.contracts.automatic import cancel_overdue, refund_late_charge, refund_number
from paybus.contracts.command import decode, encode, fingerprint, identify
from paybus.trades.money import Fen
from paybus.trades.operation import Kind
from paybus.trades.trade import Trade, TradeState

CODES = st.text("ABCabc019_-", min_size=1, max_size=64)
TRADE = Trade(
    merchant_id="0010000001", charge_code="C1", state=TradeState.REVOKED, version=2, amount_fen=Fen(15800)
)


def test_the_automatic_cancel_is_the_command_a_person_would_send() -> None:
    """The same meaning: whoever asks for a cancel after it has sent a duplicate, and gets its answer."""
    person = decode(b'{"charge_code": "C1", "merchant_id": "0010000001", "method": "realtime"}', Kind.CANCEL)
    assert fingerprint(cancel_overdue("0010000001", "C1")) == fingerprint(person)


def test_the_automatic_refund_can_be_read_like_any_other() -> None:
    """The refund service decodes it, and it gives back all of the trade."""
    command = refund_late_charge(TRADE)
    assert decode(encode(command), Kind.REFUND) == command
    assert identify(encode(command), Kind.REFUND).out_refund_no == "auto-C1"
    assert command.amount_fen == 15800


@given(CODES)
def test_a_refunds_number_is_always_the_same_and_fits(code: str) -> None:
    """At most 64 characters of those that a code may have, made of the charge code alone."""
    number = refund_number(code)
    assert number == refund_number(code)
    assert len(number) <= 64
    assert number.startswith("auto-")
    assert decode(encode(refund_late_charge(TRADE)), Kind.REFUND)


@given(CODES, CODES)
def test_two_trades_never_share_a_number(one: str, other: str) -> None:
    """Also the longest codes, which do not fit as they are, have numbers of their own."""
    assert (one == other) == (refund_number(one) == refund_number(other))
