"""`python -m tests.mutations [NAME ...]`: guards are taken out, one at a time; `paybus prove` must notice."""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
import tempfile
import time

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tests.mutations.proof import Answer, Mutation, prove

MUTATIONS = (
    Mutation(module=None, rounds=("request_sent 1", "settle_written 1", "frozen_beyond_lease")),
    Mutation(module="accept_after_call", rounds=("request_sent 1",), breaks=frozenset({"I1", "I6"})),
    Mutation(module="no_fencing", rounds=("frozen_beyond_lease",), breaks=frozenset({"I1", "I6"})),
    Mutation(module="events_apart", rounds=("settle_written 1",), breaks=frozenset({"I2", "I3", "I4"})),
)


def main() -> int:
    """Prove without a defect and with each; give 0 if the first was held and every other was found."""
    known = {mutation.name: mutation for mutation in MUTATIONS}
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all by default")
    names = parser.parse_args().names or list(known)
    if strange := set(names) - known.keys():
        parser.error(f"there is no {', '.join(sorted(strange))}")
    return _judge([known[name] for name in names])


def _judge(mutations: Sequence[Mutation]) -> int:
    table = Table(title="what `paybus prove` says of defects", box=SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("mutation", "rounds", "exit code", "broken", "found", "seconds"):
        table.add_column(heading)
    right, examples = True, []
    for mutation in mutations:
        answer, seconds = _timed(mutation)
        verdict = answer.is_right_about(mutation)
        right = right and verdict
        table.add_row(*_cells(mutation, answer, verdict), f"{seconds:.0f}")
        examples += [f"{mutation.name}: {' '.join(one)}" for one in answer.complaints[:1]]
        if not verdict:
            print(answer.output, file=sys.stderr)
    console = Console(highlight=False, soft_wrap=True, width=110)
    console.print(table)
    for example in examples:
        console.print(example, markup=False)
    return 0 if right else 1


def _timed(mutation: Mutation) -> tuple[Answer, float]:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="paybus-mutation-") as directory:
        answer = prove(mutation, Path(directory))
    return answer, time.monotonic() - begun


def _cells(mutation: Mutation, answer: Answer, verdict: bool) -> tuple[str, ...]:
    told = "yes" if verdict else "NO"
    return (
        mutation.name,
        ", ".join(mutation.rounds),
        str(answer.exit_code),
        " ".join(sorted(answer.broken)) or "nothing",
        told if mutation.module else ("held" if verdict else "NOT HELD"),
    )


if __name__ == "__main__":
    sys.exit(main())
