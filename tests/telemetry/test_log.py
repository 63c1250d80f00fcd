"""Every line of the log is one JSON object, whoever wrote it."""

from collections.abc import Callable
from datetime import datetime, timedelta
import io
import logging
import subprocess
import sys
import warnings

import pytest
import structlog
from tests.telemetry.conftest import Written

from paybus.telemetry.log import QUIET


def test_an_event_has_its_time_level_service_and_fields(written: Written) -> None:
    """ISO time in UTC, then what a reader looks for first, then the fields as they were given."""
    structlog.get_logger().info("operation.settled", state="done", amount_fen=100, tags=["a"])
    [line] = written()
    assert list(line)[:4] == ["time", "level", "service", "event"]
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line == {
        "level": "info",
        "service": "pay",
        "event": "operation.settled",
        "state": "done",
        "amount_fen": 100,
        "tags": ["a"],
    }


def test_what_is_bound_to_the_context_is_in_every_line(written: Written) -> None:
    """Also in the lines of libraries that know nothing of it."""
    with structlog.contextvars.bound_contextvars(charge_code="C1"):
        structlog.get_logger().info("operation.sent")
        logging.getLogger("library").warning("odd")
    structlog.get_logger().info("afterwards")
    assert [line.get("charge_code") for line in written()] == ["C1", "C1", None]


def test_the_standard_library_writes_the_same_lines(written: Written) -> None:
    """A library's line has the same fields and its logger's name; warnings come along."""
    logging.getLogger("library").warning("lost %d of %s", 3, "ten")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second = written()
    assert (first["event"], first["logger"], first["level"]) == ("lost 3 of ten", "library", "warning")
    assert (first["service"], second["service"]) == ("pay", "pay")
    assert "DeprecationWarning: old" in second["event"]


@pytest.mark.parametrize("library", [*QUIET, "aiokafka.consumer.fetcher", "uvicorn.error"])
def test_talkative_libraries_are_heard_from_warning_on(written: Written, library: str) -> None:
    """Their everyday lines would bury ours, also if they were set up by themselves before."""
    logging.getLogger(library).info("a partition was assigned")
    logging.getLogger(library).warning("a partition was lost")
    assert [line["event"] for line in written()] == ["a partition was lost"]


def test_a_library_that_had_a_handler_writes_once_and_to_our_stream(log: Callable[..., io.StringIO]) -> None:
    """FastStream brings a handler and a format of its own; its lines are JSON like all others."""
    own = io.StringIO()
    library = logging.getLogger("faststream")
    library.propagate = False
    library.addHandler(logging.StreamHandler(own))
    stream = log()
    library.warning("subscriber stopped")
    assert own.getvalue() == ""
    assert stream.getvalue().count("subscriber stopped") == 1


def test_lines_below_the_level_are_not_written(log: Callable[..., io.StringIO]) -> None:
    """For our own lines as for others."""
    stream = log(level="error")
    structlog.get_logger().warning("mine")
    logging.getLogger("library").warning("theirs")
    logging.getLogger("aiokafka").warning("theirs")
    assert stream.getvalue() == ""


def answer(local: str) -> None:
    """Fail because of something else, with a local variable."""
    try:
        raise ConnectionResetError("by peer")  # noqa: TRY301 -- the cause, made here
    except ConnectionResetError as error:
        raise LookupError(len(local)) from error


def test_an_exception_is_one_line(written: Written) -> None:
    """The traceback is a field; its causes are in it and the values of local variables are not."""
    try:
        answer("shown-not"[::-1])
    except LookupError:
        structlog.get_logger().exception("call.failed")
    [line] = written()
    assert "LookupError: 9" in line["exception"]
    assert "ConnectionResetError: by peer" in line["exception"]
    assert "ton-nwohs" not in line["exception"]


@pytest.mark.parametrize("odd", [2**70, "\ud800", float("nan"), object(), {1: {2}}, b"\xff"])
def test_no_value_can_lose_a_line(written: Written, odd: object) -> None:
    """What JSON cannot say is said in some other way: a log call never raises."""
    structlog.get_logger().info("odd", value=odd)
    assert [line["event"] for line in written()] == ["odd"]


def test_the_console_form_is_for_people(log: Callable[..., io.StringIO]) -> None:
    """Text with the same fields, without colours unless it is a terminal, and redacted, too."""
    stream = log(form="console")
    structlog.get_logger().info("operation.settled", state="done", sign="ABCDEF")
    text = stream.getvalue()
    assert "operation.settled" in text
    assert "state=done" in text
    assert "ABCDEF" not in text
    assert "\x1b" not in text


def test_the_log_goes_to_stderr_and_leaves_stdout_to_the_program() -> None:
    """A command's output can be piped while it logs."""
    text = """
import structlog
from paybus.telemetry.log import configure_logging
configure_logging("pay")
structlog.get_logger().info("said")
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_importing_configures_nothing() -> None:
    """Only `configure_logging` changes anything for the process."""
    text = """
import logging, structlog
import paybus.telemetry.log
print(structlog.is_configured(), logging.root.handlers)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "False []\n"
