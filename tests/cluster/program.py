"""Programs that are run to their end, or in the background until the block ends; each is known by its pid."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import shutil
import subprocess

from tests.cluster.errors import ClusterError, MissingError
from tests.process import Process, ProcessEndedError

Command = Sequence[str | Path]

_TOLD = 600  # characters of an output: the last lines are those that say why


def need(*programs: str) -> None:
    """Raise MissingError that names every program that is not on the path."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise MissingError(f"not on this machine: {', '.join(missing)}")


def run(
    command: Command,
    *,
    stdin: str = "",
    seconds: float = 120.0,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run *command* and give what it printed; raises ClusterError with the end of what it said."""
    texts = [str(part) for part in command]
    try:
        done = subprocess.run(
            texts, input=stdin, capture_output=True, text=True, check=False, timeout=seconds,
            env={**os.environ, **(environment or {})}, cwd=folder,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{' '.join(texts[:4])} took more than {seconds:g} s") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-_TOLD:]
        raise ClusterError(f"{' '.join(texts[:8])} ended with {done.returncode}: {said}")
    return done.stdout


class Daemon(Process):
    """A program in the background with its output in a file; it ends with the block, or with this process."""

    def __init__(
        self,
        name: str,
        command: Command,
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        leashed = ["setpriv", "--pdeathsig", "KILL", *command]
        super().__init__(name, leashed, log, environment=environment or {})

    def check(self) -> None:
        """Raise ClusterError when it does not run any more."""
        try:
            super().check()
        except ProcessEndedError as error:
            raise ClusterError(str(error)) from None
