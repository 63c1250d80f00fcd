"""A service as a child process: what is said when it does not live."""

from collections.abc import Callable
from pathlib import Path
import signal
import time

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


def test_a_frozen_service_is_told_from_a_living_and_a_dead_one(place: Place) -> None:
    """Stopped by a signal it is frozen, until it may go on; killed it is dead, and by what."""
    MerchantFiles.make_up(place.merchants)
    child = Child(SANDBOX, place, {"PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(place.merchants)})
    child.start()
    child.await_port()
    assert not child.is_frozen
    child.send(signal.SIGSTOP)
    _until(lambda: child.is_frozen)
    child.send(signal.SIGCONT)
    _until(lambda: not child.is_frozen)
    assert child.exit_code is None
    child.send(signal.SIGKILL)
    child.await_end(60)
    assert (child.exit_code, child.is_frozen) == (-signal.SIGKILL, False)


def test_a_twin_is_another_process_of_the_same_service(place: Place) -> None:
    """It listens on a port of its own, also beside one that was started anew on the port it had."""
    MerchantFiles.make_up(place.merchants)
    child = Child(SANDBOX, place, {"PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(place.merchants)})
    child.start()
    port = child.await_port()
    twin = child.twin()
    twin.start()
    try:
        assert twin.await_port() != port
        twin.check()
        child.check()
    finally:
        for one in (child, twin):
            one.send(signal.SIGKILL)
            one.await_end(60)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_old_port_file_is_not_believed(place: Place) -> None:
    """The last start's port may be anybody's now."""
    place.port("sandbox").write_text("1")
    child = Child(SANDBOX, place, {})
    child.start()
    with pytest.raises(SystemStartError):
        child.await_port()
    child.await_end(0)
