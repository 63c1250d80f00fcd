"""Simulated worlds whose ledger is restored to a past moment while anything may be under way."""

from tests.simulation.restored import run_restored

SEEDS = 120


def test_nothing_is_done_twice_after_a_restore() -> None:
    """I1, I5 and I6 hold by the gateway's books, and all comes to its end, whatever was forgotten."""
    lives = {seed: run_restored(seed) for seed in range(SEEDS)}
    assert {seed: broken for seed, (_, broken) in lives.items() if broken} == {}
    assert sum(forgotten for forgotten, _ in lives.values()) > SEEDS / 4


def test_without_the_doubt_it_is_done_twice() -> None:
    """The same worlds find the defect: who only reads again from there charges twice."""
    assert any("I1" in one for seed in range(SEEDS) for one in run_restored(seed, doubts=False)[1])
