"""What is fuzzed: a name, where inputs come from, and what must hold for each; and how a target is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

BATCH = 12
"""Inputs in a batch."""


@dataclass(frozen=True)
class Target:
    """`holds` gets each input of each batch, and raises for one that breaks the rule in its docstring.

    Inputs come in batches because making one good document takes much longer than damaging it in ten ways.
    """

    name: str
    batches: SearchStrategy[Sequence[Any]]
    holds: Callable[[Any], None]


def fuzz(target: Target, count: int, *, started_with: int | None = None) -> int:
    """Run *count* inputs or a few more, the same ones without a seed; give how many. Raises what it finds."""
    ran = 0

    @settings(
        max_examples=-(-count // BATCH),
        derandomize=started_with is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(target.batches)
    def run(batch: Sequence[Any]) -> None:
        nonlocal ran
        for one in batch:
            ran += 1
            target.holds(one)

    (run if started_with is None else seed(started_with)(run))()
    return ran
