"""The example of Alertmanager's routes, judged by its own tool and held against the alerts."""

from collections.abc import Iterable
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.monitoring.rule_files import ROOT, Rule, alerts, looks
from tests.plugins.monitors import Monitors
import yaml

CONFIG = ROOT / "deploy" / "alertmanager.yaml"
RECEIVERS = {"page": "pager", "ticket": "tickets"}
INHIBITIONS: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text())["inhibit_rules"]
_MATCHER = re.compile(r'alertname =~? "(.+)"')


def routed(monitors: Monitors, labels: Iterable[tuple[str, str]]) -> str:
    """Ask amtool which receiver an alert with *labels* reaches."""
    command = [monitors.amtool, "config", "routes", "test", f"--config.file={CONFIG}"]
    told = monitors.run(*command, *(f"{name}={value}" for name, value in labels))
    return told.splitlines()[0]


def named_by(matchers: list[str]) -> set[str]:
    """Give the alerts that the matchers of an inhibition mean."""
    (pattern,) = (_MATCHER.fullmatch(matcher.strip())[1] for matcher in matchers)  # type: ignore[index]
    return {str(alert.alert) for alert in alerts() if re.fullmatch(pattern, str(alert.alert))}


def labels_of(name: str) -> set[str]:
    """Give the labels with which unit tests see an alert fire, every time."""
    return set.intersection(*(set(labels) for look in looks() if look.alert == name for labels in look.fired))


def test_alertmanager_accepts_the_example(monitors: Monitors) -> None:
    """Alertmanager reads the file and finds its receivers."""
    told = monitors.run(monitors.amtool, "check-config", str(CONFIG))
    assert "SUCCESS" in told
    assert "3 receivers" in told


@pytest.mark.parametrize("alert", alerts(), ids=lambda rule: rule.alert)
def test_an_alert_reaches_whom_its_severity_says(monitors: Monitors, alert: Rule) -> None:
    """A page reaches the pager and a ticket the tickets, whatever other labels it has."""
    labels = {"alertname": str(alert.alert), "namespace": "shop", **alert.labels}
    assert routed(monitors, labels.items()) == RECEIVERS[alert.labels["severity"]]


def test_what_is_not_ours_reaches_nobody_here(monitors: Monitors) -> None:
    """The example takes no alert from others, whatever its severity."""
    assert routed(monitors, [("alertname", "NodeDown"), ("severity", "page")]) == "nobody"


@pytest.mark.parametrize("inhibition", INHIBITIONS, ids=lambda rule: rule["source_matchers"][0])
def test_an_inhibition_is_about_alerts_that_exist(inhibition: dict[str, Any]) -> None:
    """Source and targets are alerts of ours, other ones, and each has the labels that must be equal."""
    sources, targets = named_by(inhibition["source_matchers"]), named_by(inhibition["target_matchers"])
    assert sources
    assert targets
    assert not sources & targets
    for name in sources | targets:
        assert set(inhibition.get("equal", ())) <= labels_of(name), name


@pytest.mark.parametrize("inhibition", INHIBITIONS, ids=lambda rule: rule["source_matchers"][0])
def test_every_alternative_of_an_inhibition_means_an_alert(inhibition: dict[str, Any]) -> None:
    """No part of a pattern is left over from an alert that was renamed."""
    (text,) = (_MATCHER.fullmatch(one.strip())[1] for one in inhibition["target_matchers"])  # type: ignore[index]
    listed = re.search(r"\((.+)\)", text)
    for part in listed[1].split("|") if listed else ():
        assert named_by([f'alertname =~ "{text.replace(listed[1], part)}"']), part


def test_the_addresses_are_made_up() -> None:
    """Nobody who copies the example sends alerts to strangers."""
    addresses = re.findall(r"url: (\S+)", CONFIG.read_text())
    assert len(addresses) == 2
    assert all(str(urlsplit(address).hostname).endswith(".example") for address in addresses)
