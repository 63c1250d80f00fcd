"""How commands find the system that `paybus up` left running."""

from collections.abc import Iterator
import fcntl
from pathlib import Path

import pytest

from paybus.cli.place import Place, adopt_environment, read_environment, running_pid, write_environment

VARIABLES = {
    "PAYBUS_DATABASE_URL": "postgresql://postgres@/paybus?host=%2Ftmp%2Fa b",
    "PAYBUS_TOPIC_PREFIX": "x",
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Give a place whose system runs, as far as anybody can see."""
    place = Place(tmp_path)
    write_environment(place.environment, VARIABLES)
    with place.supervisor.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        yield place


def test_the_environment_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also values that a shell would take apart."""
    write_environment(tmp_path / "env", VARIABLES)
    assert read_environment(tmp_path / "env") == VARIABLES
    assert [path.name for path in tmp_path.iterdir()] == ["env"]


def test_no_file_is_no_environment(tmp_path: Path) -> None:
    """Nothing runs: nothing is adopted."""
    assert read_environment(tmp_path / "env") == {}


def test_a_command_that_was_told_of_nothing_adopts_the_running_system(place: Place) -> None:
    """`paybus pay` after `paybus up` needs no settings."""
    told = {"PAYBUS_RUN_DIRECTORY": str(place.directory), "HOME": "/"}
    adopt_environment(told)
    assert told == {"PAYBUS_RUN_DIRECTORY": str(place.directory), "HOME": "/", **VARIABLES}
    assert running_pid(place) == 4711


def test_half_of_one_system_is_never_mixed_with_half_of_another(place: Place) -> None:
    """One variable that says otherwise, and nothing is adopted."""
    told = {"PAYBUS_RUN_DIRECTORY": str(place.directory), "PAYBUS_TOPIC_PREFIX": "elsewhere"}
    adopt_environment(told)
    assert "PAYBUS_DATABASE_URL" not in told


def test_a_system_that_died_is_not_adopted(tmp_path: Path) -> None:
    """Its file is still there, and nobody holds the lock."""
    place = Place(tmp_path)
    place.supervisor.write_text("1")
    write_environment(place.environment, VARIABLES)
    told = {"PAYBUS_RUN_DIRECTORY": str(tmp_path)}
    adopt_environment(told)
    assert running_pid(place) is None
    assert told == {"PAYBUS_RUN_DIRECTORY": str(tmp_path)}
