"""The tools that do the work: git, buildah, helm and oras, each as it is found on the path."""

from collections.abc import Sequence
from pathlib import Path
import subprocess

from deploy.publish.errors import PublishError

SECONDS = 3600.0  # a build fetches its base and every wheel, and a passphrase may have to be typed

Command = Sequence[str | Path]


def run(command: Command, folder: Path) -> None:
    """Run *command*, which speaks to the terminal itself; raises PublishError unless it ends with 0."""
    _run(command, folder, stdout=None)


def ask(command: Command, folder: Path) -> str:
    """Give what *command* prints; raises PublishError unless it ends with 0."""
    return _run(command, folder, stdout=subprocess.PIPE)


def complaint(command: Command, folder: Path) -> str | None:
    """Give what *command* complains of, in one line; None if it ends with 0. Raises PublishError."""
    done = _done(command, folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return None if done.returncode == 0 else " ".join(done.stderr.split())


def _run(command: Command, folder: Path, *, stdout: int | None) -> str:
    done = _done(command, folder, stdout=stdout, stderr=None)
    if done.returncode:
        raise PublishError(f"{_name(command)} ended with {done.returncode}")
    return str(done.stdout or "").strip()


def _done(
    command: Command, folder: Path, *, stdout: int | None, stderr: int | None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(part) for part in command], cwd=folder, stdout=stdout, stderr=stderr, text=True,
            check=False, timeout=SECONDS,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise PublishError(f"{command[0]} is not on the path") from error
    except subprocess.TimeoutExpired as error:
        raise PublishError(f"{_name(command)} took more than {SECONDS:g} s") from error


def _name(command: Command) -> str:
    return " ".join(str(part) for part in command[:2])
