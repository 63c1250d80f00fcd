"""Where a system started on this machine keeps its things, and how other commands find it."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
import fcntl
import os
from pathlib import Path
import shlex
from typing import Annotated, Final

import typer

VARIABLE: Final = "PAYBUS_RUN_DIRECTORY"
DEFAULT: Final = Path(".run")

DirectoryOption = Annotated[
    Path, typer.Option("--directory", envvar=VARIABLE, help="Where `paybus up` keeps everything.")
]


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one embedded system below *directory*."""

    directory: Path

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's directory."""
        return self.directory / "postgres"

    @property
    def merchants(self) -> Path:
        """The made-up merchants, with their made-up keys."""
        return self.directory / "merchants"

    @property
    def environment(self) -> Path:
        """The variables with which any command finds the running system."""
        return self.directory / "env"

    @property
    def addresses(self) -> Path:
        """The HTTP addresses of the running services."""
        return self.directory / "addresses"

    @property
    def supervisor(self) -> Path:
        """The process id of whoever keeps the system running, who holds a lock on it."""
        return self.directory / "supervisor.pid"

    def log(self, name: str) -> Path:
        """Give the log of one process."""
        return self._logs / f"{name}.log"

    def port(self, name: str) -> Path:
        """Give the file that holds the HTTP port of one service while it listens."""
        return self._ports / name

    @property
    def _logs(self) -> Path:
        return self.directory / "logs"

    @property
    def _ports(self) -> Path:
        return self.directory / "ports"

    def make(self) -> None:
        """Make the folders; what holds keys (though made-up ones) is its owner's alone.

        The directory itself lets others pass: started by root, PostgreSQL runs as another account.
        """
        self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.merchants, self._logs, self._ports):
            folder.mkdir(mode=0o700, exist_ok=True)


def running_pid(place: Place) -> int | None:
    """Give the process that keeps the system of *place* running, None if there is none.

    It holds a lock on its file, which ends with it however it ends; a number alone could be anybody's.
    """
    try:
        with place.supervisor.open("rb") as file:
            text = file.read()
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return int(text) if text.isdigit() else None
    return None


def write_environment(file: Path, variables: Mapping[str, str]) -> None:
    """Write *variables* for a shell (`set -a; . .run/env`) and for `adopt_environment`."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    half = file.with_name(f".{file.name}.new")
    half.write_text("".join(lines), encoding="utf-8")
    half.replace(file)


def read_environment(file: Path) -> dict[str, str]:
    """Read what `write_environment` wrote; nothing where there is no file."""
    if not file.is_file():
        return {}
    pairs = (shlex.split(line)[0].partition("=") for line in file.read_text(encoding="utf-8").splitlines())
    return {name: value for name, _, value in pairs}


def adopt_environment(variables: MutableMapping[str, str] = os.environ) -> None:
    """Let this command find the system that `paybus up` started, unless it was told of another one.

    One variable of ours is enough to be told of another: half of one system and half of the other would be
    the worst of both.
    """
    place = Place(Path(variables.get(VARIABLE) or DEFAULT))
    if running_pid(place) is None:
        return
    found = read_environment(place.environment)
    if not any(name in variables for name in found):
        variables.update(found)
