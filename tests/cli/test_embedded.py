"""The whole embedded system, started from the command line."""

from collections.abc import Iterator
import json
from pathlib import Path
import tempfile

import pytest
from tests.cli.conftest import Paybus

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def folder(paybus: Paybus, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of the system: not pytest's own, which every session closes to PostgreSQL's account."""
    with tempfile.TemporaryDirectory(prefix="paybus-cli-") as name:
        monkeypatch.setenv("PAYBUS_RUN_DIRECTORY", name)
        yield Path(name)


def test_a_run_keeps_every_promise_and_leaves_nothing_behind(paybus: Paybus, folder: Path) -> None:
    """Some hundred commands on a bad day: every invariant held, nothing lost; ledger and logs are gone."""
    ended = paybus("run", "--commands", "150", "--seed", "4")
    assert ended.code == 0, ended.printed
    assert ended.printed.count(" held ") == 7
    assert list(folder.iterdir()) == []


@pytest.fixture
def running(paybus: Paybus, folder: Path) -> Iterator[Paybus]:
    """Give the command line of a running system."""
    assert paybus("up").code == 0
    yield paybus
    assert paybus("down").printed == "stopped\n"


def test_a_system_left_running_is_found_by_every_command(running: Paybus) -> None:
    """A payment by hand, given back in part; its timeline and its events; one system at a time."""
    paid = running("pay", "--charge-code", "B1", "--amount-fen", "200", "--method", "barcode",
                   "--auth-code", "280000000000000001", "--wait")  # fmt: skip
    assert "trade.paid" in paid.printed
    assert "280000000000000001" not in paid.printed
    refunded = running("refund", "--charge-code", "B1", "--amount-fen", "50", "--wait")
    assert "refund.succeeded" in refunded.printed

    shown = running("trade", "B1").printed
    assert "partially_refunded  v3" in shown
    (timeline,) = json.loads(running("trade", "B1", "--json").printed)
    assert [event["ce_type"] for event in timeline["events"]] == [
        "trade.paid",
        "refund.succeeded",
        "trade.partially_refunded",
    ]
    told = [json.loads(line) for line in running("events", "--json").printed.splitlines()]
    assert [event["ce_id"] for event in told] == [event["ce_id"] for event in timeline["events"]]
    assert told[0]["data"]["paid_fen"] == 200
    assert "it is running already" in running("up").complained
    assert running("trade", "B2").code == 2
