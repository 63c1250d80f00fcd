"""`python -m tests.simulation --seeds 10000`: many worlds, one on each processor (docs/simulation.md)."""

import argparse
from collections.abc import Sequence
import sys
import time

from tests.simulation.many import run_many, run_some
from tests.simulation.world import Outcome


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


def _report(seeds: range, *, trace: bool) -> int:
    begun = time.perf_counter()
    outcomes = run_some(seeds, trace=True) if trace else run_many(seeds)
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
