"""Each alert is right in itself: tested both ways, worded, explained, and about series that exist."""

import re

import pytest
from tests.monitoring.exposition import grouped_in, has_label, matchers_in, series_in, values_of
from tests.monitoring.expressions import known_labels
from tests.monitoring.rule_files import ROOT, Rule, alerts, looks, rules, seconds

OPERATIONS = "docs/operations.md"
JOBS = ".*paybus.*"
ALL_RULES = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.alert or rule.record)
ALL_ALERTS = pytest.mark.parametrize("alert", alerts(), ids=lambda rule: rule.alert)


@ALL_ALERTS
def test_an_alert_is_tested_to_fire_and_no_step_early(alert: Rule) -> None:
    """Some unit test sees it fire, and sees in the same world that it did not fire one evaluation before."""
    seen = [look for look in looks() if look.alert == alert.alert]
    quiet = {(look.world, look.at_seconds) for look in seen if not look.fired}
    fired = [look for look in seen if look.fired]
    assert any((look.world, look.at_seconds - look.step_seconds) in quiet for look in fired)
    assert all(look.at_seconds >= seconds(alert.wait) for look in fired)


@ALL_ALERTS
def test_an_alert_is_tested_to_stay_quiet(alert: Rule) -> None:
    """Some unit test waits longer than it takes to fire, in a world in which it must not."""
    seen = [look for look in looks() if look.alert == alert.alert]
    worlds_that_fire = {look.world for look in seen if look.fired}
    soonest = min(look.at_seconds for look in seen if look.fired)
    other = [look for look in seen if look.world not in worlds_that_fire]
    assert any(look.at_seconds >= soonest for look in other)


@ALL_ALERTS
def test_an_alert_says_what_to_do(alert: Rule) -> None:
    """It says whom it wakes, what is wrong with which figure, and where its runbook section is."""
    assert alert.labels.keys() == {"severity"}
    assert alert.labels["severity"] in {"page", "ticket"}
    assert alert.annotations.keys() == {"summary", "description", "runbook_url"}
    absent = "absent(" in alert.expr
    assert absent or "$value" in alert.annotations["description"]
    assert alert.annotations["runbook_url"] == f"{OPERATIONS}#{str(alert.alert).lower()}"


@ALL_ALERTS
def test_an_alert_has_its_section_in_the_runbook(alert: Rule) -> None:
    """The anchor in its annotation is that of a heading, which is followed by the four answers."""
    sections = re.split(r"^#+ ", (ROOT / OPERATIONS).read_text(), flags=re.MULTILINE)
    (section,) = [one for one in sections if one.startswith(f"{alert.alert}\n")]
    for answer in ("**Means**", "**Check**", "**Do**", "**Not**"):
        assert answer in section


@ALL_ALERTS
def test_an_alert_speaks_of_labels_that_it_has(alert: Rule) -> None:
    """Its texts name no label that is missing when it fires: that would be rendered as nothing."""
    used = set(re.findall(r"\$labels\.(\w+)", " ".join(alert.annotations.values())))
    fired = [labels for look in looks() if look.alert == alert.alert for labels in look.fired]
    assert fired
    assert all(used <= labels.keys() for labels in fired)


@ALL_ALERTS
def test_three_failures_wake_nobody(alert: Rule) -> None:
    """What pages about a number of failures asks for at least ten of them, whatever their share is."""
    if alert.labels["severity"] == "page" and "increase" in alert.expr:
        floors = [int(number) for number in re.findall(r">= (\d+)$", alert.expr, re.MULTILINE)]
        assert floors
        assert min(floors) >= 10


@ALL_RULES
def test_a_rule_reads_series_that_exist(rule: Rule) -> None:
    """Every series is one that a service exposes, or that another rule records."""
    assert series_in(rule.expr)
    assert series_in(rule.expr) <= known_labels().keys()


@ALL_RULES
def test_a_rule_selects_values_that_exist(rule: Rule) -> None:
    """Every label and value in its selectors is one that the series may have."""
    for name, label, values in matchers_in(rule.expr):
        known = {JOBS} if label == "job" else values_of(name, label)
        assert values <= known, (name, label)


@ALL_RULES
def test_a_rule_groups_by_labels_that_exist(rule: Rule) -> None:
    """Every label by which it adds up or joins is one of a series that it reads, or is made in it."""
    made = set(re.findall(r'"(\w+)", "[^"]*", "\w*"', rule.expr))
    for label in grouped_in(rule.expr) - made:
        assert any(has_label(name, label) for name in series_in(rule.expr)), label
