"""`python -m tests.deploy`: what `make check` asks of the chart: lint, kinds and drift, for every example."""

from collections.abc import Iterator
import os
import sys

from tests.cluster.errors import ClusterError, MissingError
from tests.deploy.chart import RefusedError, Thing, helm, render
from tests.deploy.generated import drifted
from tests.deploy.kinds import is_operators, problems
from tests.deploy.places import CHART, EXAMPLES


def main() -> int:
    """Print every problem, and at last what was looked at; give 1 if there is any."""
    found = [f"{name} has drifted: run `make chart`" for name in drifted()]
    things: list[Thing] = []
    for example in EXAMPLES:
        try:
            helm("lint", "--strict", CHART, "-f", example)
            things += render(example)
        except RefusedError as error:
            found.append(f"{example.name}: {error}")
    found += problems([thing for thing in things if not is_operators(thing)])
    found += _operators_problems([thing for thing in things if is_operators(thing)])
    for problem in found:
        print(problem)
    print(f"{len(EXAMPLES)} examples, {len(things)} objects, {len(found)} problems")
    return 1 if found else 0


def _operators_problems(things: list[Thing]) -> Iterator[str]:
    try:
        yield from problems(things)
    except MissingError as error:
        print(f"skipped: {len(things)} objects of operators are not looked at: {error}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ClusterError as error:
        print(f"skipped: there is no Helm: {error}")
        sys.exit(1 if os.environ.get("CI") else 0)
