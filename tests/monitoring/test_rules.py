"""The rules, judged by Prometheus' own tool."""

from pathlib import Path

import pytest
from tests.monitoring.merchant_groups import by_group, in_two_groups
from tests.monitoring.rule_files import ROOT, RULES, UNIT_TESTS, evaluated_in_unit_tests, rules
from tests.plugins.monitors import Monitors
import yaml

CONCERNED = [
    path
    for path in sorted(UNIT_TESTS.glob("*.yaml"))
    if any(f"'{name}" in path.read_text() for name in by_group())
]
"""Unit tests of rules about figures that come by groups of merchants."""


def test_prometheus_accepts_the_rules(monitors: Monitors) -> None:
    """Prometheus reads every rule file and finds all the rules in it."""
    told = monitors.run(monitors.promtool, "check", "rules", *map(str, sorted(RULES.glob("*.yaml"))))
    found = [int(line.split()[1]) for line in told.splitlines() if "rules found" in line]
    assert sum(found) == len(rules())


@pytest.mark.parametrize("path", sorted(UNIT_TESTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_rules_do_what_their_unit_tests_say(monitors: Monitors, path: Path) -> None:
    """On made-up series the rules give these results: alerts fire when they should, and no step earlier."""
    assert "SUCCESS" in monitors.run(monitors.promtool, "test", "rules", str(path))


def test_a_unit_test_can_fail(monitors: Monitors, tmp_path: Path) -> None:
    """What promtool is asked does depend on the rules: with another objective the same test is refused."""
    text = (UNIT_TESTS / "intake.yaml").read_text()
    asked = _beside_the_rules(tmp_path, "intake.yaml", text, change=("> 120", "> 1200"))
    with pytest.raises(AssertionError, match="PaybusLagOld"):
        monitors.run(monitors.promtool, "test", "rules", str(asked))


@pytest.mark.parametrize("path", CONCERNED, ids=lambda path: path.stem)
def test_rules_are_about_all_merchants(monitors: Monitors, path: Path, tmp_path: Path) -> None:
    """What is recorded and told is the same where figures come by groups of merchants, half and half."""
    text = in_two_groups(path.read_text())
    asked = _beside_the_rules(tmp_path, path.name, text)
    assert "SUCCESS" in monitors.run(monitors.promtool, "test", "rules", str(asked))


def test_every_recording_rule_has_a_unit_test() -> None:
    """No rule records what nobody has worked out by hand."""
    told = evaluated_in_unit_tests()
    assert not [rule.record for rule in rules() if rule.record and rule.record not in told]


def test_a_whole_is_parted_into_halves() -> None:
    """Only figures that have groups are; how often a value stands is left alone, and so is the oldest."""
    text = """
    tests:
      - input_series:
          - {series: 'paybus_commands_total{kind="pay"}', values: '1+4x60 250x3 _x2'}
          - {series: 'paybus_unknown_oldest_seconds', values: '9x60'}
          - {series: 'paybus_outbox_pending{}', values: '8x60'}
    """
    (test,) = yaml.safe_load(in_two_groups(text))["tests"]
    assert [(one["series"], one["values"]) for one in test["input_series"]] == [
        ('paybus_commands_total{kind="pay",merchant_group="retail"}', "0.5+2x60 125x3 _x2"),
        ('paybus_commands_total{kind="pay",merchant_group="other"}', "0.5+2x60 125x3 _x2"),
        ('paybus_unknown_oldest_seconds{merchant_group="retail"}', "9x60"),
        ('paybus_unknown_oldest_seconds{merchant_group="other"}', "9x60"),
        ("paybus_outbox_pending{}", "8x60"),
    ]


def test_a_rule_that_forgets_the_groups_is_seen(monitors: Monitors, tmp_path: Path) -> None:
    """What takes the greatest group for the whole no longer fires in its unit test."""
    whole = "sum without (merchant_group) (paybus_unknown_amount_fen)"
    text = (UNIT_TESTS / "doubt.yaml").read_text()
    asked = _beside_the_rules(tmp_path, "doubt.yaml", text, change=(whole, "paybus_unknown_amount_fen"))
    with pytest.raises(AssertionError, match="PaybusUnknownAmountLarge adds up"):
        monitors.run(monitors.promtool, "test", "rules", str(asked))


def _beside_the_rules(folder: Path, name: str, text: str, *, change: tuple[str, str] = ("", "")) -> Path:
    """Write unit tests to a tree like ours, with the rules changed; give the file."""
    home, there = folder / UNIT_TESTS.relative_to(ROOT), folder / RULES.relative_to(ROOT)
    home.mkdir(parents=True)
    there.mkdir(parents=True)
    for path in RULES.glob("*.yaml"):
        (there / path.name).write_text(path.read_text().replace(*change) if change[0] else path.read_text())
    (home / name).write_text(text)
    return home / name
