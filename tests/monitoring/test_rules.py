"""The rules, judged by Prometheus' own tool."""

from pathlib import Path

import pytest
from tests.monitoring.rule_files import RULES, UNIT_TESTS, evaluated_in_unit_tests, rules
from tests.plugins.monitors import Monitors


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
    home = tmp_path / "tests" / "monitoring" / "rules"
    there = tmp_path / RULES.relative_to(RULES.parents[3])
    home.mkdir(parents=True)
    there.mkdir(parents=True)
    for path in RULES.glob("*.yaml"):
        (there / path.name).write_text(path.read_text().replace("> 120", "> 1200"))
    (home / "intake.yaml").write_text((UNIT_TESTS / "intake.yaml").read_text())
    with pytest.raises(AssertionError, match="PaybusLagOld"):
        monitors.run(monitors.promtool, "test", "rules", str(home / "intake.yaml"))


def test_every_recording_rule_has_a_unit_test() -> None:
    """No rule records what nobody has worked out by hand."""
    told = evaluated_in_unit_tests()
    assert not [rule.record for rule in rules() if rule.record and rule.record not in told]
