"""Nothing that we ask of Prometheus means one thing in version 2 and another in version 3."""

from pathlib import Path
import re

import pytest
from tests.monitoring.rule_files import ROOT, RULES, UNIT_TESTS
import yaml

DASHBOARDS = ROOT / "deploy" / "helm" / "paybus" / "dashboards"
PLACES = {
    "rules": sorted(RULES.glob("*.yaml")),
    "unit tests": sorted(UNIT_TESTS.glob("*.yaml")),
    "dashboards": sorted(DASHBOARDS.glob("*.json")),
    "documents": sorted((ROOT / "docs").glob("*.md")),
}
REMOVED = {
    "promql-at-modifier",
    "promql-negative-offset",
    "new-service-discovery-manager",
    "expand-external-labels",
    "no-default-scrape-port",
    "agent",
    "remote-write-receiver",
    "auto-gomemlimit",
    "auto-gomaxprocs",
}
"""Features that version 3 has without a flag, or under another one."""


def text_of(paths: list[Path]) -> str:
    """Give what these files hold, without what JSON does to quotes."""
    assert paths
    return "\n".join(path.read_text().replace('\\"', '"') for path in paths)


def bounds(text: str) -> set[str]:
    """Give every bucket and quantile that a text names."""
    return set(re.findall(r'\b(?:le|quantile)\s*=~?\s*"([^"$]+)"', text))


@pytest.mark.parametrize("place", PLACES)
def test_a_bucket_is_named_as_it_is_stored(place: str) -> None:
    """Version 3 stores `le="1.0"`, whatever the page says: a query for `le="1"` would find nothing."""
    found = bounds(text_of(PLACES[place]))
    assert found
    assert {one for one in found if one != "+Inf" and one != str(float(one))} == set()


def test_a_bucket_with_another_name_is_noticed() -> None:
    """The look above does look."""
    assert bounds('rate(a_bucket{kind="pay",le="1"}[5m]) + b{quantile="0.5"}') == {"1", "0.5"}


@pytest.mark.parametrize("place", ["rules", "dashboards"])
def test_nothing_is_asked_that_version_3_took_away_or_counts_otherwise(place: str) -> None:
    """No `holt_winters`, and no subquery, whose steps fall on the edge of its range: it is left out now."""
    text = text_of(PLACES[place])
    assert "holt_winters" not in text
    assert re.findall(r"\[[^\[\]\s]+:[^\[\]\s]*\]", text) == []


def test_compose_asks_for_no_feature_that_is_gone() -> None:
    """Prometheus would only warn of it, and go on without."""
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    flags = [flag.partition("=")[2] for flag in services["prometheus"]["command"] if "feature" in flag]
    assert flags
    assert REMOVED.isdisjoint(name for flag in flags for name in flag.split(","))
