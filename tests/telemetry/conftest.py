"""A log in memory, and secrets that end with the test."""

from collections.abc import Callable, Iterator
import io
import json
import logging
from typing import Any

import pytest
import structlog

from paybus.telemetry import redaction
from paybus.telemetry.log import QUIET, Format, Level, configure_logging

Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Take back what configuring the log changes for the whole process."""
    root, loggers = logging.root, [logging.getLogger(name) for name in QUIET]
    handlers, level = root.handlers[:], root.level
    before = [(logger, logger.handlers[:], logger.propagate, logger.level) for logger in loggers]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, its_handlers, propagate, its_level in before:
        logger.handlers[:] = its_handlers
        logger.propagate = propagate
        logger.setLevel(its_level)


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without registered secrets."""
    monkeypatch.setattr(redaction, "_secrets", [])


@pytest.fixture
def log() -> Callable[..., io.StringIO]:
    """Configure the log of the service `pay` to go into memory."""

    def configure(form: Format = "json", level: Level = "info") -> io.StringIO:
        stream = io.StringIO()
        configure_logging("pay", level=level, form=form, stream=stream)
        return stream

    return configure


@pytest.fixture
def written(log: Callable[..., io.StringIO]) -> Written:
    """Configure JSON lines; give what was written so far."""
    stream = log()
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
