"""Many worlds: some after each other, on every processor at once."""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
import gc
import multiprocessing
import os

from tests.simulation.world import Outcome, run_seed

_AT_ONCE = 50  # worlds: they are full of cycles, and collecting all the time takes a tenth of it


def run_many(seeds: range) -> list[Outcome]:
    """Give what became of each, in their order."""
    parts = [seeds[start : start + _AT_ONCE] for start in range(0, len(seeds), _AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as processes:
        return [outcome for part in processes.map(run_some, parts) for outcome in part]


def run_some(seeds: Iterable[int], *, trace: bool = False) -> list[Outcome]:
    """Run these one after the other, and print at once what is wrong with them; *trace* prints all."""
    gc.disable()
    outcomes = []
    for seed in seeds:
        outcome = run_seed(seed, print if trace else None)
        outcomes.append(outcome)
        for violation in outcome.violations:
            print(f"seed {seed}: {violation}", flush=True)
        if outcome.violations and run_seed(seed) != outcome:
            print(f"seed {seed} does not replay: something real got into its world", flush=True)
    gc.collect()
    return outcomes
