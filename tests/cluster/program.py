"""Programs that are run to their end, or in the background until the block ends; each is known by its pid."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import shutil
import signal
import subprocess
from types import TracebackType
from typing import Self

from tests.cluster.errors import ClusterError, MissingError

STOP_SECONDS = 20.0  # etcd and PostgreSQL write down what they have; the others need one or two
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


class Daemon:
    """A program in the background with its output in a file; it ends with the block, or with this process."""

    def __init__(
        self,
        name: str,
        command: Command,
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._log = log
        texts = ["setpriv", "--pdeathsig", "KILL", *(str(part) for part in command)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                texts, env={**os.environ, **(environment or {})}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def check(self) -> None:
        """Raise ClusterError when it does not run any more."""
        if self._process.poll() is not None:
            raise ClusterError(f"{self.name} ended with {self._process.returncode}: {self.log[-_TOLD:]}")

    def stop(self) -> int:
        """End it in order, or by force when it does not go; give its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
