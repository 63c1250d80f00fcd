"""A child process of the benchmark: its output in a file, its end by pid."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import subprocess
import sys
from types import TracebackType
from typing import Self

STOP_SECONDS = 20.0  # a worker may finish its calls; then it is killed


class ProcessEndedError(Exception):
    """A process ended by itself; the text holds the end of its output."""


class PythonProcess:
    """`python -m module` with extra environment; ends with the block."""

    def __init__(
        self, module: str, environment: Mapping[str, str], log: Path, *, arguments: Sequence[str] = ()
    ) -> None:
        self._module = module
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def check(self) -> None:
        """Raise ProcessEndedError when it does not run any more."""
        if self._process.poll() is not None:
            end = self._log.read_text(errors="replace")[-3000:]
            raise ProcessEndedError(f"{self._module} ended with {self._process.returncode}:\n{end}")

    def stop(self) -> None:
        """End it in order, or by force when it does not go."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
