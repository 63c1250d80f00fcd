"""A child process of a test or benchmark: its output in a file, its port from a file, its end by pid."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

START_SECONDS = 60.0  # a second alone; machines are shared
STOP_SECONDS = 30.0  # a worker may finish its calls; then it is killed


class ProcessEndedError(Exception):
    """A process ended by itself; the text holds the end of its output."""


class Process:
    """A program with extra environment; ends with the block."""

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, *, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command], env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
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
        """Raise ProcessEndedError when it does not run any more."""
        if self._process.poll() is not None:
            raise ProcessEndedError(f"{self.name} ended with {self._process.returncode}:\n{self.log[-3000:]}")

    def kill(self) -> None:
        """Kill it with SIGKILL, as a crash would."""
        self._process.kill()
        self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def await_end(self) -> int:
        """Return its exit code when it has ended by itself."""
        return self._process.wait(START_SECONDS)

    def stop(self) -> int:
        """End it in order, or by force when it does not go; give its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
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


class PythonProcess(Process):
    """`python -m module`, which says where it listens."""

    def __init__(
        self, module: str, environment: Mapping[str, str], log: Path, *, arguments: Sequence[str] = ()
    ) -> None:
        super().__init__(module, [sys.executable, "-m", module, *arguments], log, environment=environment)

    def await_port(self, file: Path) -> int:
        """Return the port that it writes to *file* when it listens."""
        deadline = time.monotonic() + START_SECONDS
        while not file.exists():
            self.check()
            assert time.monotonic() < deadline, f"{self.name} does not listen:\n{self.log[-3000:]}"
            time.sleep(0.02)
        return int(file.read_text())

    def await_log(self, text: str) -> None:
        """Return when it has printed *text*."""
        deadline = time.monotonic() + START_SECONDS
        while text not in self.log:
            self.check()
            assert time.monotonic() < deadline, f"{self.name} does not say {text}:\n{self.log[-3000:]}"
            time.sleep(0.02)
