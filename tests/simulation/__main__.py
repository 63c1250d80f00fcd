"""`python -m tests.simulation --seeds 10000`: many worlds, one after the other (docs/simulation.md)."""

import argparse
from collections.abc import Iterable, Sequence
import gc
import sys
import time

from tests.simulation.world import Outcome, run_seed

_COLLECT_EVERY = 50  # worlds: they are full of cycles, and collecting all the time takes a tenth of it


def main() -> int:
    """Run the seeds and give 1 if any of them broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--trace", action="store_true", help="print what happens, in simulated seconds")
    options = parser.parse_args()
    one = options.seed is not None
    seeds = (
        range(options.seed, options.seed + 1) if one else range(options.first, options.first + options.seeds)
    )
    return _report(seeds, trace=options.trace)


def _report(seeds: Iterable[int], *, trace: bool) -> int:
    begun = time.perf_counter()
    outcomes: list[Outcome] = []
    gc.disable()
    for number, seed in enumerate(seeds):
        outcome = run_seed(seed, print if trace else None)
        outcomes.append(outcome)
        for violation in outcome.violations:
            print(f"seed {seed}: {violation}", flush=True)
        if outcome.violations and run_seed(seed) != outcome:
            print(f"seed {seed} does not replay: something real got into its world", flush=True)
        if number % _COLLECT_EVERY == 0:
            gc.collect()
    _print_totals(outcomes, time.perf_counter() - begun)
    return 1 if any(one.violations for one in outcomes) else 0


def _print_totals(outcomes: Sequence[Outcome], seconds: float) -> None:
    failed = sum(1 for one in outcomes if one.violations)
    violations = sum(len(one.violations) for one in outcomes)
    print(
        f"{len(outcomes)} seeds, {violations} violations in {failed} of them,"
        f" {len(outcomes) / seconds:.1f} seeds per second;"
        f" {sum(one.events for one in outcomes)} events, {sum(one.effects for one in outcomes)} effects,"
        f" {sum(one.steps for one in outcomes)} steps in"
        f" {sum(one.simulated_seconds for one in outcomes) / 3600:.1f} simulated hours"
    )


if __name__ == "__main__":
    sys.exit(main())
