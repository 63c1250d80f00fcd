"""Keeps an embedded system running in the background, until it is told to stop or a part of it dies.

    python -m paybus.cli.embedded.supervisor DIRECTORY [CUSTOMER_PAYS_AFTER_SECONDS]

It says on standard output, one line each, which part is ready, and at last `ready`; then nobody need listen
any more. What goes wrong is on standard error.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path
import sys
import time
from typing import Final

from paybus.cli.embedded.conditions import good_day
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.errors import CliError, sentence_of
from paybus.cli.place import Place, write_environment
from paybus.ledger.errors import LedgerError
from paybus.telemetry.log import configure_logging

READY: Final = "ready"
CHECK_SECONDS: Final = 0.5
"""Between looks whether every service still lives."""


def main(arguments: Sequence[str] = sys.argv[1:]) -> None:
    """Start everything, keep it, stop it."""
    configure_logging("supervisor", level="warning")
    place = Place(Path(arguments[0]).absolute())
    pays_after = float(arguments[1]) if len(arguments) > 1 else None
    place.make()
    try:
        with _locked(place), EmbeddedSystem(place, good_day(pays_after), told=_say) as system:
            _keep(system)
    except (CliError, LedgerError) as error:
        sys.stderr.write(f"{sentence_of(error)}\n")
        sys.exit(2)


def _keep(system: EmbeddedSystem) -> None:
    place = system.place
    write_environment(place.environment, system.variables)
    write_environment(place.addresses, system.addresses)
    try:
        _say(READY)
        _let_go()
        while True:
            system.check()
            time.sleep(CHECK_SECONDS)
    finally:
        for file in (place.environment, place.addresses):
            file.unlink(missing_ok=True)


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Be the only supervisor of *place*; raises CliError."""
    with place.supervisor.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CliError(f"another supervisor keeps the system in {place.directory}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # who started us has gone
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _let_go() -> None:
    """Close standard output: who waits for its end need not wait for ours."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
