"""Programs are known by their pid, end with their block, and say why they failed."""

import os
from pathlib import Path

import pytest
from tests.cluster.errors import ClusterError, MissingError
from tests.cluster.program import Daemon, need, run
from tests.cluster.waiting import wait_for


def test_a_program_gives_what_it_printed() -> None:
    """Its input is what it was given."""
    assert run(["cat"], stdin="one line") == "one line"


def test_a_failure_ends_with_what_the_program_said() -> None:
    """Whoever reads the message need not run it again."""
    with pytest.raises(ClusterError, match="ended with 3: no such file"):
        run(["sh", "-c", "echo no such file >&2; exit 3"])


def test_a_program_that_hangs_is_given_up() -> None:
    """No step waits for ever."""
    with pytest.raises(ClusterError, match="took more than"):
        run(["sleep", "60"], seconds=0.1)


def test_missing_programs_are_named_together() -> None:
    """One run tells everything that must be installed."""
    with pytest.raises(MissingError, match="no-such-a, no-such-b"):
        need("sh", "no-such-a", "no-such-b")


def test_a_daemon_ends_with_its_block(tmp_path: Path) -> None:
    """Nothing is left running."""
    with Daemon("sleeper", ["sleep", "60"], tmp_path / "log") as daemon:
        os.kill(daemon.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(daemon.pid, 0)


def test_waiting_ends_when_what_is_needed_has_ended(tmp_path: Path) -> None:
    """The reason is the daemon's own, at once, and not that time is over."""
    refused = pytest.raises(ClusterError, match=r"etcd ended with 1:\nbad data")
    with Daemon("etcd", ["sh", "-c", "echo bad data; exit 1"], tmp_path / "log") as daemon, refused:
        wait_for("an answer", lambda: False, seconds=60.0, need=[daemon])


def test_waiting_tells_the_last_reason() -> None:
    """What was not there when time was over is what is told."""

    def look() -> bool:
        raise ClusterError("connection refused")

    with pytest.raises(ClusterError, match=r"the node: not within 0.2 s: connection refused"):
        wait_for("the node", look, seconds=0.2)


def test_waiting_gives_what_was_found() -> None:
    """It looks until there is something."""
    found = iter([None, [], ["pod"]])
    assert wait_for("pods", lambda: next(found), seconds=10.0) == ["pod"]
