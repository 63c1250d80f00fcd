"""Shards: a trade's events are always the same relay's."""

from hypothesis import given
from hypothesis import strategies as st

from paybus.ledger.shard import SHARDS, shard_of


@given(st.text(min_size=1, max_size=64))
def test_every_charge_code_has_a_shard(charge_code: str) -> None:
    """Any text is in one of the shards there are rows and locks for."""
    assert 0 <= shard_of(charge_code) < SHARDS


def test_a_shard_never_changes() -> None:
    """What was written by an older version is read by the relay that has the newer events of the trade."""
    assert [shard_of(code) for code in ("C0", "C1", "C2", "C3")] == [5, 3, 9, 15]


def test_no_shard_is_left_out() -> None:
    """The work is spread over all shards."""
    assert {shard_of(f"C{number}") for number in range(1000)} == set(range(SHARDS))
