"""docs/sandbox.md says what there is."""

from pathlib import Path
import re

import pytest
from tests.sandbox.house import House, payment

from paybus.sandbox.fault import APPLIES_TO, Fault
from paybus.sandbox.fault_settings import MAGIC_AMOUNTS, FaultSettings
from paybus.sandbox.settings import Settings
from paybus.trades.money import Fen, yuan_text

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"
]


def test_every_setting_is_told_with_its_default() -> None:
    """The settings' table has each variable once, with the default it has in the code."""
    told = {row[0].strip("`"): row[1].strip("`") for row in ROWS if re.fullmatch(r"`[A-Z_]+`", row[0])}
    for name, setting in Settings.model_fields.items():
        default = "(required)" if setting.is_required() else setting.default
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert told.pop(name.upper()) == ("" if default in {None, ""} else shown), name
    assert told == {}


def test_every_fault_is_told_with_its_place_and_amount() -> None:
    """The faults' table has each fault once, where it applies, and its magic amount."""
    told = {row[0].strip("`"): row[1:3] for row in ROWS if row[0].strip("`") in set(Fault)}
    amounts = {fault: yuan_text(Fen(amount)) for amount, fault in MAGIC_AMOUNTS.items()}
    assert set(told) == set(Fault)
    for fault in Fault:
        where, amount = told[fault]
        assert (set(where.split(", ")), amount) == (APPLIES_TO[fault], amounts[fault])


@pytest.mark.parametrize("name", FaultSettings.model_fields)
def test_every_fault_setting_is_told(name: str) -> None:
    """Each member of POST /admin/faults is in the page."""
    assert f"`{name}`" in PAGE


async def test_the_books_have_the_fields_that_are_told(house: House) -> None:
    """The books' table has every field of every list."""
    await house.client().pay(payment())
    books = (await house.http.get(f"{house.address}/admin/books")).json()
    told = {row[0].strip("`"): set(re.findall(r"`([a-z_]+)`", row[1])) for row in ROWS if len(row) == 2}
    for name in ("orders", "effects", "calls"):
        assert set(books[name][0]) <= told[name]
    assert {"orders", "refunds", "effects", "calls", "callbacks"} <= told.keys()
