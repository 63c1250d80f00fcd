"""The simulation finds defects: each one that is put in breaks a promise within a few hundred worlds."""

import pytest
from tests.simulation.mutations import MUTATIONS
from tests.simulation.world import run_seed

MOST_SEEDS = 500
EXPECTED = {
    "send_before_accept_is_durable": {"I1"},
    "settle_without_fencing": {"I2", "I3", "I5", "I8"},
    "settle_and_tell_apart": {"I2", "I4"},
    "take_over_without_asking": {"I1", "I6"},
    "call_a_timeout_declined": {"I3"},
    "forget_the_query_lag": {"I1", "I3"},
    "commit_before_accepting": {"I7"},
    "delete_before_publishing": {"I2", "I4"},
    "reserve_nothing": {"I5"},
}
"""The promises that may break."""


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_defect_is_found(name: str) -> None:
    """A defect of this kind cannot come into the program unseen."""
    with MUTATIONS[name]():
        assert any(_broken(seed) & EXPECTED[name] for seed in range(MOST_SEEDS))


def _broken(seed: int) -> set[str]:
    return {violation.split()[0] for violation in run_seed(seed).violations}
