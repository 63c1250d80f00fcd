"""`paybus reconcile` against the real sandbox and ledger: what it prints, writes and ends with."""

import asyncio
from collections.abc import Iterator
import csv
from datetime import datetime
import json
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Paybus
from tests.process import PythonProcess

from paybus.gateway.china_time import CHINA_TIME
from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.merchant import load_merchants
from paybus.gateway.order import OrderRequest
from paybus.trades.money import Fen

MERCHANT = "0010000001"


def _merchant_file(folder: Path, port: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{MERCHANT}.toml").write_text(
        f'key = "TESTKEY0123456789ABCDEFGHIJKLMNO"\noper_id = "oper01"\ndev_id = "dev01"\n'
        f'base_url = "http://127.0.0.1:{port}/openGateway/openService/"\n'
    )


@pytest.fixture
def place(
    paybus: Paybus, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Run a sandbox, and set up what the command needs to know."""
    merchants, port_file = tmp_path / "merchants", tmp_path / "port"
    _merchant_file(merchants, 1)
    settings = {
        "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(merchants),
        "PAYBUS_SANDBOX_PORT": "0",
        "PAYBUS_SANDBOX_PORT_FILE": str(port_file),
    }
    with PythonProcess("paybus.sandbox", settings, tmp_path / "sandbox.log") as sandbox:
        _merchant_file(merchants, sandbox.await_port(port_file))
        monkeypatch.setenv("PAYBUS_DATABASE_URL", database_url)
        monkeypatch.setenv("PAYBUS_MERCHANTS_DIRECTORY", str(merchants))
        yield merchants


def _order(merchants: Path) -> None:
    """Make an order at the gateway that nobody asked Paybus for."""

    async def make() -> None:
        engine = make_engine()
        try:
            client = GatewayClient(load_merchants(merchants)[MERCHANT], engine)
            wish = OrderRequest(charge_code="C1", amount_fen=Fen(15800), channel_type=1, subject="Tea")
            assert (await client.order(wish)).code == "SUCCESS"
        finally:
            await engine.aclose()

    asyncio.run(make())


def _today() -> str:
    return datetime.now(CHINA_TIME).date().isoformat()


def _events(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        return [row[0] for row in connection.execute("SELECT ce_type FROM event").fetchall()]


def test_a_day_that_agrees_ends_with_0(paybus: Paybus, place: Path) -> None:
    """Nothing there and nothing here: one line, and code 0."""
    ended = paybus("reconcile", "--date", "2026-01-31")
    assert (ended.code, ended.printed) == (0, "0010000001 on 2026-01-31: 0 match, 0 open, 0 differ\n")


def test_a_difference_ends_with_1_and_changes_nothing(paybus: Paybus, place: Path, database_url: str) -> None:
    """Looking is not telling: without --announce the ledger stays as it was."""
    _order(place)
    ended = paybus("reconcile", "--date", _today(), "--merchant", MERCHANT)
    assert ended.code == 1
    assert ended.printed.startswith(
        f"missing_here   {MERCHANT}/C1  ours: nothing  theirs: state 0 15800 fen\n"
    )
    assert _events(database_url) == []


def test_a_report_for_programs_and_for_spreadsheets(paybus: Paybus, place: Path, tmp_path: Path) -> None:
    """JSON on stdout, CSV in the file that was named."""
    _order(place)
    file = tmp_path / "day.csv"
    ended = paybus("reconcile", "--date", _today(), "--json", "--csv", str(file))
    (found,) = json.loads(ended.printed)
    assert [(one["charge_code"], one["kind"]) for one in found["breaks"]] == [("C1", "missing_here")]
    with file.open(newline="") as opened:
        assert [row["charge_code"] for row in csv.DictReader(opened)] == ["C1"]


def test_what_is_announced_is_announced_once(paybus: Paybus, place: Path, database_url: str) -> None:
    """Asked for twice, the event goes out once."""
    _order(place)
    for _ in range(2):
        paybus("reconcile", "--date", _today(), "--announce")
    assert _events(database_url) == ["callback.unmatched"]


def test_an_unknown_merchant_is_refused(paybus: Paybus, place: Path) -> None:
    """One sentence says which there are, and the code is 2."""
    ended = paybus("reconcile", "--date", _today(), "--merchant", "9")
    assert ended.code == 2
    assert ended.complained == "no merchant 9 is configured: name one of 0010000001\n"


def test_without_the_gateways_list_nothing_is_concluded(paybus: Paybus, place: Path) -> None:
    """A gateway that is away is told in a sentence, and is no difference."""
    _merchant_file(place, 1)
    ended = paybus("reconcile", "--date", _today())
    assert ended.code == 2
    assert "nothing was concluded" in ended.complained
    assert ended.printed == ""
