"""One service as a child process: its log, its port, whether it is ready, its end."""

from collections.abc import Callable, Mapping
from contextlib import suppress
import http.client
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Final

from paybus.cli.embedded.roster import Program
from paybus.cli.errors import SystemStartError
from paybus.cli.place import Place

READY_SECONDS: Final = 60.0
"""A service is ready within 2 s on an idle core; this is for a machine that does much else."""

_PORT: Final = "PAYBUS_HTTP_PORT"
_POLL_SECONDS: Final = 0.02
_ANSWER_SECONDS: Final = 4.0  # a service answers `/ready` within 2 s, whatever it finds
_LOG_END: Final = 1_500  # characters: the last few lines


class Child:
    """Starts *program* in a session of its own: a Ctrl-C in the terminal is for its owner alone."""

    def __init__(self, program: Program, place: Place, settings: Mapping[str, str]) -> None:
        self.program = program
        self._place = place
        self._log = place.log(program.name)
        self._port_file = place.port(program.name)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def start(self) -> int:
        """Start the process; gives its id."""
        self._port_file.unlink(missing_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PAYBUS_")},
            **self.program.settings,
            **self._settings,
            self.program.port_file_variable: str(self._port_file),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.program.module],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self._process.pid

    def await_port(self) -> int:
        """Return the port when the service listens; raises SystemStartError."""
        self._await("listen", self._port_file.exists)
        self._port = int(self._port_file.read_text())
        return self._port

    def await_ready(self) -> None:
        """Return when the service says that it is ready; raises SystemStartError."""
        port = self.await_port()
        self._await("become ready", lambda: _answers(port, self.program.ready_path))

    def check(self) -> None:
        """Raise SystemStartError, with the end of its log, if the process has ended."""
        code = None if self._process is None else self._process.poll()
        if code is not None:
            raise SystemStartError(f"{self.program.name} ended with code {code}: {log_end(self._log)}")

    def restart(self, extra: Mapping[str, str]) -> int:
        """Start the process anew on the port it had, with *extra* settings for this life; gives its id.

        It must have ended. Whoever was told its address still finds it there.
        """
        port = {} if self._port is None else {_PORT: str(self._port)}
        before = self._settings
        self._settings = {**before, **port, **extra}
        try:
            return self.start()
        finally:
            self._settings = {**before, **port}

    def twin(self) -> "Child":
        """Give another process of the same service, not started yet; it finds a port of its own."""
        free = {name: value for name, value in self._settings.items() if name != _PORT}
        return Child(self.program, self._place, free)

    @property
    def has_ended(self) -> bool:
        """Whether the process has gone, for whatever reason."""
        return self.exit_code is not None

    @property
    def exit_code(self) -> int | None:
        """What the process ended with: minus the signal that killed it; None while it lives."""
        return None if self._process is None else self._process.poll()

    @property
    def is_frozen(self) -> bool:
        """Whether the process is stopped until somebody lets it go on."""
        assert self._process is not None, "not started"
        if self.has_ended:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        assert self._process is not None, "not started"
        self._process.send_signal(number)

    def ask_to_stop(self) -> None:
        """Send SIGTERM; returns at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def await_end(self, seconds: float) -> None:
        """Return when the process has gone; after *seconds* it is killed."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await(self, what: str, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not reached():
            self.check()
            if time.monotonic() > deadline:
                name = self.program.name
                raise SystemStartError(f"{name} did not {what} in {READY_SECONDS:g} s: {log_end(self._log)}")
            time.sleep(_POLL_SECONDS)


def log_end(log: Path) -> str:
    """Give the last lines of a log; services redact what they log."""
    text = log.read_text(encoding="utf-8", errors="replace")[-_LOG_END:].strip() if log.exists() else ""
    return text or "its log is empty"


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
