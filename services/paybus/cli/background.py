"""`paybus up` and `paybus down`: the embedded system, left running in the background."""

from contextlib import suppress
import os
import signal
import subprocess
import sys
import time
from typing import Annotated, Final

import typer

from paybus.cli.embedded.child import log_end
from paybus.cli.embedded.supervisor import READY
from paybus.cli.errors import CliError, SystemStartError
from paybus.cli.place import DEFAULT, DirectoryOption, Place, read_environment, running_pid
from paybus.cli.terminal import out, passing

DOWN_SECONDS: Final = 90.0
"""PostgreSQL's last checkpoint and the grace of the services, on a machine that does much else."""

_POLL_SECONDS: Final = 0.05


def up(
    *,
    customers_pay_after: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds; without, somebody plays the customer on the sandbox's page."),
    ] = None,
    directory: DirectoryOption = DEFAULT,
) -> None:
    """Start everything on this machine with empty books, and leave it running."""
    place = Place(directory.absolute())
    if running_pid(place) is None:
        _start(place, customers_pay_after)
    else:
        passing.print("it is running already")
    for name, address in read_environment(place.addresses).items():
        page = {"sandbox": "/customer", "exporter": "/metrics"}.get(name, "")
        out.print(f"{name:<12}{address}{page}")
    out.print(f"{'settings':<12}set -a; . {place.environment}; set +a")
    out.print(f"{'logs':<12}{place.log('*')}")


def down(*, directory: DirectoryOption = DEFAULT) -> None:
    """Stop what `paybus up` started, in order."""
    place = Place(directory.absolute())
    pid = running_pid(place)
    if pid is None:
        out.print("nothing runs")
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while running_pid(place) is not None:
        if time.monotonic() > deadline:
            raise CliError(f"the system did not stop in {DOWN_SECONDS:g} s; its supervisor is process {pid}")
        time.sleep(_POLL_SECONDS)
    out.print("stopped")


def _start(place: Place, customers_pay_after: float | None) -> None:
    """Start a supervisor and return when everything is ready; raises SystemStartError."""
    place.make()
    log = place.log("supervisor")
    pays_after = [] if customers_pay_after is None else [str(customers_pay_after)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "paybus.cli.embedded.supervisor", str(place.directory), *pays_after],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as lines:
        for line in map(str.strip, lines):
            if line == READY:
                process.returncode = 0  # left running on purpose: nobody of us waits for its end
                return
            passing.print(f"[green]●[/] {line}")
    process.wait()
    raise SystemStartError(log_end(log))
