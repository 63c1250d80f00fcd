"""The dictionaries are those of the protocol's page, and open: what they do not list stands for itself."""

from pathlib import Path
import re

import pytest

from paybus.gateway import dictionary
from paybus.gateway.dictionary import CHANNELS, FUND_CHANNELS, RETURN_CODES, SCANS, STATES, Dictionary
from paybus.trades import return_code

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
EVERY = {name: value for name, value in vars(dictionary).items() if isinstance(value, Dictionary)}


def cells(section: str) -> list[list[str]]:
    """Give the table rows of a section of the page."""
    text = PAGE.partition(f"\n### {section} ")[2].partition("\n##")[0]
    rows = [line for line in text.splitlines() if line.startswith("|") and not set(line) <= set("|- ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def pairs(section: str) -> dict[str, str]:
    """Give name by value of a table of value and name columns side by side; two may share a cell."""
    found: dict[str, str] = {}
    for row in cells(section):
        for shown, name in zip(row[::2], row[1::2], strict=False):
            values = re.findall(r"\b\d+\b", shown)
            names = re.split(r"[;,] ", name) if len(values) > 1 else [re.split(r" \(F\)|;", name)[0]]
            found |= dict(zip(values, names, strict=True))
    return {value: name.removesuffix(" (F)") for value, name in found.items()}


def test_channels_are_those_of_the_page() -> None:
    """Every number of appendix 2, and the two seen in the field."""
    page = pairs("7.2")
    assert page.pop("0").startswith("gateway's choice")
    assert {str(value): name for value, name in CHANNELS.names.items() if value} == page


def test_fund_channels_are_those_of_the_page() -> None:
    """Every text of appendix 3, leading zeros included."""
    assert dict(FUND_CHANNELS.names) == pairs("7.3")


def test_states_are_those_of_the_page() -> None:
    """Every number of appendix 4; what is contradictory there is one thing here."""
    page = {row[0]: row[1].split(",")[0] for row in cells("7.4") if row[0].isdigit()}
    own = {"7", "12", "13"}
    assert {str(value) for value in STATES.names} == page.keys()
    assert {value: name for value, name in page.items() if value not in own} == {
        str(value): name for value, name in STATES.names.items() if str(value) not in own
    }
    assert STATES.names[12] == STATES.names[13]


def test_return_codes_are_those_of_the_page_and_have_a_meaning() -> None:
    """Every code of appendix 5, and each is judged in the domain's own table."""
    page = {row[0]: row[1] for row in cells("7.5")} | {row[3]: row[4] for row in cells("7.5")}
    page = {code.split("`")[1]: name.split(" (")[0] for code, name in page.items() if code.startswith("`")}
    assert dict(RETURN_CODES.names) == page
    assert set(RETURN_CODES.names) == set(return_code.RETURN_CODES)


@pytest.mark.parametrize("dictionary", EVERY.values(), ids=EVERY)
def test_every_dictionary_is_open_and_cannot_be_changed(dictionary: Dictionary) -> None:
    """A value nobody listed is kept as it is; none is an empty text; names are never empty."""
    assert dictionary.name_of(None) == dictionary.label_of(None) == ""
    for unknown in (99, -1, "", "X"):
        assert dictionary.name_of(unknown) == dictionary.label_of(unknown) == str(unknown)
    assert all(name for name in dictionary.names.values())
    with pytest.raises(TypeError):
        dictionary.names[1] = "other"


def test_labels_show_name_and_value() -> None:
    """A person reads the name and can still look the number up."""
    assert CHANNELS.label_of(1) == "Alipay (1)"
    assert SCANS.label_of(2) == "passive (2)"
    assert FUND_CHANNELS.label_of("00") == "Alipay bonus (00)"
