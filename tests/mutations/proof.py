"""`paybus prove` over services with one defect in them, and what it said."""

from dataclasses import dataclass
import os
from pathlib import Path
import re
import subprocess
import sys
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PATIENCE_SECONDS: Final = 30
"""A defect may leave things open for ever: a round need not be waited for as long as in a proof."""

_COMPLAINT: Final = re.compile(r"^(?P<title>\w+ \d+): (?P<invariant>I\d) (?P<sentence>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A defect (`None`: none), the rounds that are to find it, and the promises that may break by it."""

    module: str | None
    rounds: tuple[str, ...]
    breaks: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.module or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the proof said: its exit code, its complaints (round, invariant, sentence), and every word."""

    exit_code: int
    complaints: tuple[tuple[str, str, str], ...]
    output: str

    @property
    def broken(self) -> frozenset[str]:
        """The invariants that it found broken."""
        return frozenset(invariant for _, invariant, _ in self.complaints)

    def is_right_about(self, mutation: Mutation) -> bool:
        """Say whether the defect was found by a promise that it breaks; without one, that all were held."""
        if mutation.module is None:
            return self.exit_code == 0
        return self.exit_code == 1 and bool(self.broken & mutation.breaks)


def prove(mutation: Mutation, directory: Path) -> Answer:
    """Run the proof with *mutation* in the services, which keep their things in *directory*."""
    chosen = [word for title in mutation.rounds for word in ("--only", title)]
    options = ["--patience-seconds", str(PATIENCE_SECONDS), "--directory", str(directory)]
    done = subprocess.run(
        [sys.executable, "-m", "paybus.cli", "prove", *chosen, *options],
        env={**os.environ, **_environment(mutation)}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = tuple(_COMPLAINT.findall(done.stdout))
    return Answer(exit_code=done.returncode, complaints=complaints, output=done.stdout + done.stderr)


def _environment(mutation: Mutation) -> dict[str, str]:
    """Give what has every Python process look for a defect to put in; only services do (`site/`)."""
    if mutation.module is None:
        return {}
    site = ROOT / "tests" / "mutations" / "site"
    paths = [str(site), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "MUTATION": mutation.module}
