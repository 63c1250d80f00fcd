"""A slice of the simulated worlds: no promise breaks in any of them, and each can be replayed."""

import os
import subprocess
import sys

from tests.simulation.world import run_seed

SEEDS = 300


def test_no_promise_breaks_in_any_world() -> None:
    """I1 to I8 hold whatever crashes, freezes, is lost or comes twice."""
    outcomes = [run_seed(seed) for seed in range(SEEDS)]
    broken = {one.seed: one.violations for one in outcomes if one.violations}
    assert not broken
    assert sum(one.effects for one in outcomes) > SEEDS  # money moved, so there was something to break


def test_a_world_is_the_same_every_time() -> None:
    """The same seed gives the same trace, line for line."""
    first: list[str] = []
    second: list[str] = []
    assert run_seed(7, first.append) == run_seed(7, second.append)
    assert first == second
    assert len(first) > 20


def test_a_world_is_the_same_in_every_process() -> None:
    """Not even the order of sets of texts, which differs from process to process, gets into it."""
    traces = {_trace(hash_seed) for hash_seed in ("1", "2")}
    assert len(traces) == 1


def _trace(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "40", "--trace"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rpartition("\n40 seeds")[0]  # the last line has a real duration
