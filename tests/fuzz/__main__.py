"""`python -m tests.fuzz`: many inputs for every target, other ones each time, and a counted line for each."""

import argparse
import secrets
import sys
import time

from rich.console import Console
from tests.fuzz import answers, callbacks, wire
from tests.fuzz.target import fuzz

TARGETS = (*wire.TARGETS, *answers.TARGETS, *callbacks.TARGETS)
INPUTS = 12_000  # for each of eleven targets: above 100 000 in all


def main() -> int:
    """Run every target; what breaks a rule is shown, as small as it can be made, and ends with code 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="for each target")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="to repeat a run")
    asked = parser.parse_args()
    console = Console(highlight=False)
    console.print(f"seed {asked.seed}")
    total, broken = 0, 0
    for target in TARGETS:
        begun = time.monotonic()
        try:
            count = fuzz(target, asked.inputs, started_with=asked.seed)
        except Exception:  # noqa: BLE001 - whatever was found is shown, and the other targets still run
            broken += 1
            console.print_exception(max_frames=5)
            console.print(f"{target.name:<20} BROKEN")
            continue
        total += count
        console.print(f"{target.name:<20} {count:>7} inputs  {time.monotonic() - begun:6.1f} s")
    console.print(f"{'in all':<20} {total:>7} inputs")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
