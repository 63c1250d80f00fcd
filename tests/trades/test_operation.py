"""An operation goes only where its table lets it."""

from itertools import product

import pytest
from tests.trades.examples import rows

from paybus.trades.operation import NEXT, ON_ITS_WAY, OPEN, OperationState, may_follow

EXPECTED = rows("""
         waiting ready unknown pending done rejected
waiting  yes     yes   yes     yes     yes  yes
ready    yes     yes   yes     yes     yes  yes
unknown  yes     no    yes     yes     yes  yes
pending  no      no    no      yes     yes  yes
done     no      no    no      no      no   no
rejected no      no    no      no      no   no
""")
_S = OperationState


def test_expected_table_is_whole() -> None:
    """The expected table has every pair of states, so none goes untested."""
    assert set(EXPECTED) == set(OperationState)
    assert all(set(row) == set(OperationState) for row in EXPECTED.values())


@pytest.mark.parametrize(("state", "following"), list(product(OperationState, OperationState)))
def test_every_pair(state: OperationState, following: OperationState) -> None:
    """Every state may be followed exactly by what the independently written table says."""
    assert may_follow(state, following) == (EXPECTED[state][following] == "yes")


def test_final_states_never_move() -> None:
    """A final operation has no successor, and only final ones have none."""
    assert {state for state in OperationState if not NEXT[state]} == set(OperationState) - OPEN
    assert set(OperationState) - OPEN == {_S.DONE, _S.REJECTED}


def test_what_the_gateway_took_is_never_sent_again() -> None:
    """No path leads from PENDING to a state from which something is sent."""
    assert not _reachable(_S.PENDING) & {_S.WAITING, _S.READY, _S.UNKNOWN}


def test_an_unknown_operation_passes_the_guard_before_it_is_sent_again() -> None:
    """UNKNOWN comes to READY by way of WAITING only, where the guard is."""
    assert _S.READY in _reachable(_S.UNKNOWN)
    assert _S.READY not in _reachable(_S.UNKNOWN, without=_S.WAITING)


def test_on_its_way_is_open_and_not_waiting() -> None:
    """What may be at the gateway is exactly what is open and does not wait to be granted."""
    assert OPEN - {_S.WAITING} == ON_ITS_WAY


def _reachable(start: OperationState, without: OperationState | None = None) -> set[OperationState]:
    seen: set[OperationState] = set()
    ahead = set(NEXT[start]) - {without}
    while ahead:
        state = ahead.pop()
        assert state is not None
        seen.add(state)
        ahead |= NEXT[state] - seen - {without}  # type: ignore[arg-type]
    return seen
