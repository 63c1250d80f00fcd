"""The Prometheus and Alertmanager of this machine, with their tools; absent they are skipped, never in CI."""

from dataclasses import dataclass
import os
import re
import shutil
import subprocess

import pytest
from tests.plugins.evidence import EVIDENCE

ABSENT = "no Prometheus and Alertmanager on this machine: `make monitoring` as root installs them"


@dataclass(frozen=True)
class Monitors:
    """The programs by what they do, as paths."""

    prometheus: str
    promtool: str
    alertmanager: str
    amtool: str
    version: str

    def run(self, *command: str) -> str:
        """Run one of the tools to its end and give what it printed; what it refuses fails the test."""
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def monitors(pytestconfig: pytest.Config) -> Monitors:
    """Give the session's programs; where CI is set in the environment they must be there."""
    evidence = pytestconfig.stash[EVIDENCE]
    found = _found()
    if found is None:
        evidence.absent["Prometheus"] = ABSENT
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent(ABSENT)
    evidence.started("Prometheus", found.version, {"monitors"})
    return found


def _found() -> Monitors | None:
    prometheus, promtool, amtool = map(shutil.which, ("prometheus", "promtool", "amtool"))
    alertmanager = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if prometheus is None or promtool is None or alertmanager is None or amtool is None:
        return None
    told = subprocess.run([promtool, "--version"], capture_output=True, text=True, check=True, timeout=60)
    version = re.search(r"version (\d+\.\d+\.\d+)", told.stdout + told.stderr)
    assert version is not None
    return Monitors(prometheus, promtool, alertmanager, amtool, version[1])
