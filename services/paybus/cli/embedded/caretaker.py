"""Ends what its owner started, when the owner dies without doing so (`kill -9`, out of memory).

    python -m paybus.cli.embedded.caretaker POSTGRES_DIRECTORY

Its standard input is a pipe that only the owner holds; each line names a process to be cared for. When the
pipe ends, those that are left are ended, and PostgreSQL after them. An owner that stops in order says
farewell, and nothing is left to be done.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Final, Self

from paybus.runtime.embedded_postgres import EmbeddedPostgres

GRACE_SECONDS: Final = 10.0
"""From SIGTERM to SIGKILL: nobody waits for what these processes were doing."""

_POLL_SECONDS: Final = 0.05
_FAREWELL: Final = "farewell"


class Caretaker:
    """The owner's side: a child process that outlives its owner if it has to."""

    def __init__(self, postgres: Path) -> None:
        self._postgres = postgres
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(self._postgres)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._write(_FAREWELL)
        self._process.communicate()

    def care_for(self, pid: int) -> None:
        """End *pid* when the owner dies."""
        self._write(str(pid))

    def _write(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # somebody killed the caretaker: the owner goes on without one
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


def main() -> None:
    """Read names until the owner is gone, then end who is left."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # it ends with its owner, never before
    named = _read_names(sys.stdin)
    if named is not None:
        _end(named)
        EmbeddedPostgres(Path(sys.argv[1])).stop()


def _read_names(lines: Iterable[str]) -> list[int] | None:
    """Give handles of all who were named, the last one first; None after a farewell."""
    handles: list[int] = []
    for line in map(str.strip, lines):
        if line == _FAREWELL:
            return None
        with suppress(ProcessLookupError):
            handles.append(_open(int(line)))
    return handles[::-1]


def _end(handles: Sequence[int]) -> None:
    for handle in handles:
        _signal(handle, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(_signal(handle, 0) for handle in handles) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for handle in handles:
        _signal(handle, signal.SIGKILL)


def _signal(handle: int, number: int) -> bool:
    """Send a signal (0: only ask); whether the process was there to get it."""
    try:
        _send(handle, number)
    except ProcessLookupError:
        return False
    return True


if sys.platform == "linux":
    # A handle stands for one process for ever; a number may be given to another one.
    _open, _send = os.pidfd_open, signal.pidfd_send_signal
else:

    def _open(pid: int) -> int:
        return pid

    _send = os.kill


if __name__ == "__main__":
    main()
