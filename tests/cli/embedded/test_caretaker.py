"""Who starts processes and is killed leaves none behind."""

from collections.abc import Iterator
from contextlib import suppress
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

OWNER = """
import subprocess, sys
from pathlib import Path
from paybus.cli.embedded.caretaker import Caretaker

with Caretaker(Path(sys.argv[1])) as caretaker:
    child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, start_new_session=True)
    caretaker.care_for(child.pid)
    print(child.pid, flush=True)
    sys.stdin.readline()
"""


def lives(pid: int) -> bool:
    """Say whether a process is there and not only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_end(pid: int) -> bool:
    """Wait until a process has gone, but not for ever."""
    deadline = time.monotonic() + 60
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Give an owner and the id of its child."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "postgres")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        child = int(process.stdout.readline())
        yield process, child
        process.kill()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_the_child_of_a_killed_owner_is_ended(owner: tuple[subprocess.Popen[str], int]) -> None:
    """`kill -9` of the owner: the caretaker sees its pipe end and ends the child."""
    process, child = owner
    assert lives(child)
    process.kill()
    assert await_end(child)


def test_an_owner_that_stops_in_order_decides_itself(owner: tuple[subprocess.Popen[str], int]) -> None:
    """After the farewell nobody is ended by the caretaker, which has gone when the owner goes."""
    process, child = owner
    process.communicate("\n")
    assert process.returncode == 0
    assert lives(child)
