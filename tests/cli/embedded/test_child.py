"""A service as a child process: what is said when it does not live."""

from pathlib import Path

import pytest

from paybus.cli.embedded.child import Child
from paybus.cli.embedded.merchant_files import MerchantFiles
from paybus.cli.embedded.roster import SANDBOX
from paybus.cli.errors import SystemStartError
from paybus.cli.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give an empty place."""
    place = Place(tmp_path / "run")
    place.make()
    return place


def test_an_early_death_is_told_with_the_end_of_the_log(place: Place) -> None:
    """Who waits for it hears of it at once, and why."""
    child = Child(SANDBOX, place, {})
    child.start()
    with pytest.raises(
        SystemStartError, match=r"sandbox ended with code 2: .*MERCHANTS_DIRECTORY is missing"
    ):
        child.await_ready()
    child.await_end(0)


def test_a_service_is_started_and_stopped(place: Place) -> None:
    """Its port comes from the port file; a check is silent while it lives and speaks up afterwards."""
    MerchantFiles.make_up(place.merchants)
    child = Child(SANDBOX, place, {"PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(place.merchants)})
    child.start()
    child.await_ready()
    assert child.await_port() > 0
    child.check()
    child.ask_to_stop()
    child.await_end(60)
    with pytest.raises(SystemStartError, match="sandbox ended with code 0"):
        child.check()


def test_an_old_port_file_is_not_believed(place: Place) -> None:
    """The last start's port may be anybody's now."""
    place.port("sandbox").write_text("1")
    child = Child(SANDBOX, place, {})
    child.start()
    with pytest.raises(SystemStartError):
        child.await_port()
    child.await_end(0)
