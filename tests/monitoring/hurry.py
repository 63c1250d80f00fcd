"""Our rules with seconds in place of minutes and hours, and a Prometheus that tells an Alertmanager."""

from collections.abc import Callable, Mapping
from pathlib import Path
import re
import time

from tests.monitoring.prometheus import Prometheus
from tests.monitoring.rule_files import RULES
import yaml


def hasty_rules(folder: Path) -> list[str]:
    """Write the chart's rules with seconds in place of minutes and hours; give the files."""
    files = []
    for path in sorted(RULES.glob("*.yaml")):
        text = re.sub(r"\[\w+\]", "[1m]", path.read_text())
        text = re.sub(r"\bfor: \w+", "for: 1s", text)
        file = folder / path.name
        file.write_text(
            text.replace("paybus_unknown_oldest_seconds) > 3600", "paybus_unknown_oldest_seconds) > 3")
        )
        files.append(str(file))
    return files


def alerting_prometheus(
    program: str, folder: Path, targets: Mapping[str, str], alertmanager: str
) -> Prometheus:
    """Give a Prometheus that works out the hasty rules and tells an Alertmanager at that address."""
    prometheus = Prometheus(program, folder, targets)
    config = folder / "prometheus.yml"
    settings = yaml.safe_load(config.read_text())
    settings["rule_files"] = hasty_rules(folder)
    settings["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    config.write_text(yaml.safe_dump(settings))
    return prometheus


def await_seconds(condition: Callable[[], object], seconds: float = 45.0) -> None:
    """Return when *condition* holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
