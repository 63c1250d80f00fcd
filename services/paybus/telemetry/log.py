"""The log: one JSON line an event on stderr (or text for people), the standard library's logging included.

    _log = structlog.get_logger(__name__)
    _log.info("operation.settled", state="done", return_code="SUCCESS")

Events have static names; what differs is in fields. What belongs to the whole of a piece of work is bound
once with `structlog.contextvars.bound_contextvars`; the trace that a task works on (`trace.work_on`) is named
in each of its lines. Every line passes `redaction.redact`.
"""

from collections.abc import Sequence
import json
import logging
import sys
from typing import Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from paybus.telemetry.redaction import redact
from paybus.telemetry.trace import here, trace_and_span_of

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]

QUIET = (
    "aiokafka",
    "asyncpg",
    "faststream",
    "httpcore",
    "httpx",
    "kafka",
    "opentelemetry",
    "urllib3",
    "uvicorn",
)
"""Libraries whose everyday lines say nothing about money; heard from WARNING on."""


def configure_logging(
    service: str, *, level: Level = "info", form: Format = "json", stream: TextIO | None = None
) -> None:
    """Send every log line of this process to *stream* (stderr), named *service*; call it once, at the start.

    FastStream makes loggers of its own later on: give its broker `logger=None` or one of `logging`'s.
    """
    stream = stream or sys.stderr
    number = getattr(logging, level.upper())
    first = _first(service)
    last = _last(form, stream)
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,  # half the cost of a line
    )
    _route_standard_library(first, last, stream=stream, level=number)


def _first(service: str) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        add_service,
        _add_trace,
    ]


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (place := here()) is not None:
        event["trace_id"], event["span_id"] = trace_and_span_of(place)
    return event


def _last(form: Format, stream: TextIO) -> list[Processor]:
    traceback: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    if form == "console":
        colours = stream.isatty()
        return [*traceback, redact, structlog.dev.ConsoleRenderer(timestamp_key="time", colors=colours)]
    return [*traceback, redact, _to_json]


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write one line, with the fields in front that a reader looks for first."""
    ordered = {name: event.pop(name) for name in ("time", "level", "service", "event") if name in event}
    ordered.update(event)
    try:
        return orjson.dumps(ordered, default=str).decode()
    except orjson.JSONEncodeError:  # a number of more than 64 bits, half a surrogate pair: still no lost line
        return json.dumps(ordered, default=str)


def _route_standard_library(
    first: Sequence[Processor], last: Sequence[Processor], *, stream: TextIO, level: int
) -> None:
    """Let `logging` and `warnings` write the same lines, in place of every handler there was."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in QUIET:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(max(level, logging.WARNING))
