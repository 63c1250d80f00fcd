"""The `paybus` command as tests call it."""

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.telemetry.conftest import _as_it_was, _no_secrets  # noqa: F401 - commands change both for good

from paybus.cli.__main__ import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    printed: str
    complained: str


Paybus = Callable[..., Ended]


@pytest.fixture
def paybus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paybus:
    """Give a function that carries out one command where nothing is set up."""
    for name in [name for name in os.environ if name.startswith("PAYBUS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PAYBUS_RUN_DIRECTORY", str(tmp_path / "run"))
    _keep_no_logger(monkeypatch)

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        written = capsys.readouterr()
        return Ended(int(ended.value.code or 0), written.out, written.err)

    return run


def _keep_no_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no module's logger keep the stream of this test: it is closed when the next one logs."""
    configure = structlog.configure

    def configured(**settings: Any) -> None:
        configure(**{**settings, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configured)
