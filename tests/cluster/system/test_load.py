"""Services are disturbed in the middle of the commands, and a run that was not disturbed is known as such."""

from pathlib import Path

import pytest
from tests.cluster.client import Client
from tests.cluster.errors import ClusterError
from tests.cluster.release import Release
from tests.cluster.system.load import Disturbance

from paybus.cli.traffic.drive import Moment
from paybus.cli.traffic.stock import Stock

NOBODY = Release(Client(Path("/nowhere"), Path("/nowhere/config")), "paybus", 1)


def _moment(*, answered: int, open_count: int) -> Moment:
    open_kinds = {"pay": open_count} if open_count else {}
    stock = Stock(
        effects=0, unread=0, open={"ready": 5}, open_kinds=open_kinds, outbox=0, waiting=0, unheard=0
    )  # fmt: skip
    return Moment(planned=1_000, sent=1_000, answered=answered, stock=stock)


@pytest.mark.parametrize(("answered", "open_count"), [(49, 10), (500, 0)])
def test_nobody_is_killed_at_rest(answered: int, open_count: int) -> None:
    """Neither before everything runs at its pace, nor when no pay is open: that would prove nothing."""
    disturbance = Disturbance(NOBODY, lambda: None)
    assert not disturbance.watch(_moment(answered=answered, open_count=open_count))
    assert disturbance.killed is None


def test_the_kill_is_due_in_the_middle_of_work() -> None:
    """Then a pod is looked for, which this cluster that does not exist cannot give."""
    with pytest.raises(FileNotFoundError):
        Disturbance(NOBODY, lambda: None).watch(_moment(answered=50, open_count=1))


def test_a_run_without_an_upgrade_is_a_failure() -> None:
    """Commands that were all answered before it prove nothing about it."""
    with pytest.raises(ClusterError, match="before the upgrade began"):
        Disturbance(NOBODY, lambda: None).upgraded()
