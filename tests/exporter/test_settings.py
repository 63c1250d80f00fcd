"""Groups of merchants are read from one variable, and refused in one sentence where they are not clear."""

import json

import pytest

from paybus.exporter.settings import MOST_GROUPS, ExporterSettings
from paybus.runtime.settings import load_settings

WRITE = "PAYBUS_MERCHANT_GROUPS cannot be used: write JSON such as "


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what has nothing to do with groups."""
    monkeypatch.setenv("PAYBUS_DATABASE_URL", "postgresql://paybus@database/paybus")
    monkeypatch.setenv("PAYBUS_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.delenv("PAYBUS_MERCHANT_GROUPS", raising=False)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        (None, {}),
        ("", {}),
        ("{}", {}),
        ('{"retail": ["0010000001", "0010000002"]}', {"retail": ("0010000001", "0010000002")}),
        ('{"2-line_x": [], "online": ["M_1-a"]}', {"2-line_x": (), "online": ("M_1-a",)}),
    ],
)
def test_groups_are_read(
    monkeypatch: pytest.MonkeyPatch, text: str | None, groups: dict[str, tuple[str, ...]]
) -> None:
    """Nothing set is no group; a group may be empty until its first merchant comes."""
    if text is not None:
        monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", text)
    assert load_settings(ExporterSettings).merchant_groups == groups


@pytest.mark.parametrize(
    "text",
    [
        "retail",
        "[]",
        "null",
        '{"retail": "0010000001"}',
        '{"retail": [10000001]}',
        '{"retail": [""]}',
        '{"retail": ["0010000001\\n"]}',
        '{"Retail": []}',
        '{"": []}',
        '{"-retail": []}',
        '{"retail\\n": []}',
        json.dumps({"a" * 33: []}),
        json.dumps({f"g{number}": [] for number in range(MOST_GROUPS + 1)}),
    ],
)
def test_what_is_no_group_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """The sentence says what to write, and ends the exporter before it has counted anything."""
    monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", text)
    with pytest.raises(SystemExit, match="2"):
        load_settings(ExporterSettings)
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(WRITE)


def test_as_many_groups_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty, with names of 32 characters."""
    names = [f"{number:02d}{'a' * 30}" for number in range(MOST_GROUPS)]
    monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", json.dumps({name: [] for name in names}))
    assert list(load_settings(ExporterSettings).merchant_groups) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '{"retail": ["1", "2"], "online": ["3"], "kiosk": ["4", "2"]}',
            "PAYBUS_MERCHANT_GROUPS: merchant 2 is in retail and in kiosk: write him once.",
        ),
        (
            '{"other": ["1"]}',
            "PAYBUS_MERCHANT_GROUPS: a group is named other, as those who are in none: write another name.",
        ),
    ],
)
def test_what_is_not_clear_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    """A merchant in two groups is named with both; `other` is taken."""
    monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", text)
    with pytest.raises(SystemExit, match="2"):
        load_settings(ExporterSettings)
    assert capsys.readouterr().err == f"{sentence}\n"


def test_a_merchant_twice_in_one_group_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is clear enough."""
    monkeypatch.setenv("PAYBUS_MERCHANT_GROUPS", '{"retail": ["1", "1"]}')
    assert load_settings(ExporterSettings).merchant_groups == {"retail": ("1", "1")}
