"""How commands find the system that `paybus up` left running."""

from pathlib import Path

from paybus.cli.place import Place, adopt_environment, read_environment, write_environment

VARIABLES = {
    "PAYBUS_DATABASE_URL": "postgresql://postgres@/paybus?host=%2Ftmp%2Fa b",
    "PAYBUS_TOPIC_PREFIX": "x",
}


def test_the_environment_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also values that a shell would take apart."""
    write_environment(tmp_path / "env", VARIABLES)
    assert read_environment(tmp_path / "env") == VARIABLES
    assert [path.name for path in tmp_path.iterdir()] == ["env"]


def test_no_file_is_no_environment(tmp_path: Path) -> None:
    """Nothing runs: nothing is adopted."""
    assert read_environment(tmp_path / "env") == {}


def test_a_command_that_was_told_of_nothing_adopts_the_running_system(tmp_path: Path) -> None:
    """`paybus pay` after `paybus up` needs no settings."""
    write_environment(Place(tmp_path).environment, VARIABLES)
    told = {"PAYBUS_RUN_DIRECTORY": str(tmp_path), "HOME": "/"}
    adopt_environment(told)
    assert told == {"PAYBUS_RUN_DIRECTORY": str(tmp_path), "HOME": "/", **VARIABLES}


def test_half_of_one_system_is_never_mixed_with_half_of_another(tmp_path: Path) -> None:
    """One variable that says otherwise, and nothing is adopted."""
    write_environment(Place(tmp_path).environment, VARIABLES)
    told = {"PAYBUS_RUN_DIRECTORY": str(tmp_path), "PAYBUS_TOPIC_PREFIX": "elsewhere"}
    adopt_environment(told)
    assert "PAYBUS_DATABASE_URL" not in told
