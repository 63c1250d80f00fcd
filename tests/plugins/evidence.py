"""Counts the passed tests that really ran on real servers and programs, by name, and says so at last."""

from collections import Counter
from dataclasses import dataclass, field

import pytest


@dataclass
class Evidence:
    """What ran in this session: servers by name, and how many passed tests used each."""

    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)
    fixtures: dict[str, set[str]] = field(default_factory=dict)

    def started(self, server: str, version: str, fixtures: set[str]) -> None:
        """Note that *server* runs, and which fixtures now stand for it."""
        self.versions[server] = version
        self.fixtures[server] = fixtures


EVIDENCE = pytest.StashKey[Evidence]()
SERVERS = {"Apache Kafka": "tests on", "PostgreSQL": "on", "Chromium": "in", "Prometheus": "with"}


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[EVIDENCE] = Evidence()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Count a passed test for each server whose fixtures it used."""
    report = yield
    if report.when == "call" and report.passed:
        evidence = item.config.stash[EVIDENCE]
        used = set(getattr(item, "fixturenames", ()))
        evidence.passed.update(server for server, names in evidence.fixtures.items() if used & names)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts, and the reason where a server was absent."""
    evidence = terminalreporter.config.stash[EVIDENCE]
    if not evidence.versions and not evidence.absent:
        return
    counts = (
        f"{evidence.passed[server]} {where} real {_named(evidence, server)}"
        for server, where in SERVERS.items()
    )
    terminalreporter.write_line(", ".join(counts), bold=True)


def _named(evidence: Evidence, server: str) -> str:
    if server in evidence.versions:
        return f"{server} {evidence.versions[server]}"
    return f"{server} ({evidence.absent.get(server, 'not asked for')})"
