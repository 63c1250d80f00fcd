"""The states of an order."""

from itertools import product

import pytest

from paybus.sandbox.state import MOVES, OrderState

S = OrderState
FINAL = {S.REVOKED, S.REFUNDED, S.CLOSED}
PAID = {S.PARTIALLY_REFUNDED, S.REFUNDED, S.REFUNDING, S.REFUND_FAILED}
ALLOWED = (
    {(S.PENDING, to) for to in (S.PAID, S.REVOKED, S.REVOCATION_APPLIED, S.CLOSED)}
    | {(S.PAID, to) for to in (*PAID, S.REVOKED, S.REVOCATION_APPLIED)}
    | {(S.REVOCATION_APPLIED, S.REVOKED)}
    | set(product((S.PARTIALLY_REFUNDED, S.REFUNDING, S.REFUND_FAILED), PAID))
)


@pytest.mark.parametrize(("state", "to"), list(product(S, S)))
def test_an_order_goes_where_the_protocol_lets_it(state: S, to: S) -> None:
    """Every pair of states: money that moved is never forgotten, what is final stays."""
    assert (to in MOVES[state]) is ((state, to) in ALLOWED)
    if state in FINAL:
        assert not MOVES[state]


def test_the_numbers_are_the_gateways() -> None:
    """Appendix 4 of the protocol; 7 is a filter and never a state."""
    assert [state.value for state in S] == [0, 1, 2, 3, 4, 5, 6, 8, 9]
