"""A place in a trace: continued, begun, decided once, and never paid for by those who do not trace."""

from collections.abc import Iterator
import re

import pytest
import structlog
from tests.telemetry.conftest import Written
from tests.telemetry.notebook import LEFT_OUT, SAMPLED, SENDER, TRACE, Notebook, noted

from paybus.contracts.header import read_headers, read_traceparent
from paybus.telemetry import trace
from paybus.telemetry.trace import (
    SpanKind,
    begin,
    begin_unplaced,
    collect,
    enter,
    here,
    is_sampled,
    trace_and_span_of,
    work_on,
)


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    """Have spans recorded."""
    with noted() as made:
        yield made


@pytest.fixture(autouse=True)
def _at_no_place() -> Iterator[None]:
    """Leave no place behind in the context of the tests."""
    yield
    work_on(None)


def test_who_does_not_trace_reads_no_clock_and_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off means off: the sender's place is passed on, and nothing else is done."""
    monkeypatch.setattr(trace, "time", None)
    monkeypatch.setattr(trace, "random", None)
    assert enter("accept pay", SAMPLED) == (SAMPLED, None)
    assert enter("accept pay", None) == (None, None)
    assert begin("settle pay", SAMPLED) is None
    assert begin_unplaced("callback", SpanKind.SERVER) is None


def test_a_command_continues_its_senders_trace(notebook: Notebook) -> None:
    """The first span is below the sender's, and is what everything else of the command is below."""
    place, span = enter("accept pay", SAMPLED)
    assert span is not None
    assert (span.parent, span.traceparent) == (SAMPLED, place)
    assert place is not None
    assert trace_and_span_of(place) == (TRACE, span.span_id)
    assert span.span_id != SENDER
    assert notebook.asked == [("accept pay", TRACE, SAMPLED)]


def test_a_command_without_a_trace_begins_one(notebook: Notebook) -> None:
    """Its place can be read by everybody who knows W3C, and no two are the same."""
    places = {enter("accept pay", None)[0] for _ in range(50)}
    assert len(places) == 50
    for place in places:
        assert read_traceparent(place) == place
        assert is_sampled(str(place))
    (_, trace_id, header), *_ = notebook.asked
    assert (len(trace_id), header) == (32, None)


@pytest.mark.parametrize("header", [SAMPLED, LEFT_OUT])
def test_what_is_not_sampled_says_so_to_all_that_follow(notebook: Notebook, header: str) -> None:
    """The decision stands in the place itself: who continues it records nothing either."""
    notebook.everything = False
    place, span = enter("accept pay", header)
    assert (place, span) == (LEFT_OUT, None)
    assert begin("settle pay", place) is None
    fresh, _ = enter("accept pay", None)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", str(fresh))
    assert notebook.spans == []


def test_a_span_is_recorded_when_it_ends(notebook: Notebook) -> None:
    """Below the place in which it began, with what was found out meanwhile, and whether that was bad."""
    span = begin("attempt pay", SAMPLED, SpanKind.CLIENT)
    assert span is not None
    assert notebook.spans == []
    span.end({"paybus.verdict": "unknown"}, failed=True)
    assert notebook.spans == [(span, {"paybus.verdict": "unknown"}, True)]
    assert (span.parent, span.kind) == (SAMPLED, SpanKind.CLIENT)


@pytest.mark.parametrize("parent", [None, LEFT_OUT])
def test_a_span_without_a_place_of_its_own_is_not_recorded(notebook: Notebook, parent: str | None) -> None:
    """A callback about a trade that nobody knows, or whose trace nobody keeps: its events name the parent."""
    span = begin_unplaced("callback", SpanKind.SERVER)
    assert span is not None
    assert span.place_in(parent) == parent
    span.end({})
    assert notebook.spans == []


def test_a_span_can_be_placed_late(notebook: Notebook) -> None:
    """Its id was known before: what it caused names it."""
    span = begin_unplaced("callback", SpanKind.SERVER)
    assert span is not None
    assert span.place_in(SAMPLED) == f"00-{TRACE}-{span.span_id}-01"
    span.end({})
    assert [one for one, _, _ in notebook.spans] == [span]


def test_nobody_collects_any_more_after_the_end(notebook: Notebook) -> None:
    """A span that ends after the stop is lost, and that is all."""
    span = begin("settle pay", SAMPLED)
    collect(None)
    assert span is not None
    span.end({})
    assert notebook.spans == []


def test_a_line_of_the_log_names_the_trace_in_hand(written: Written) -> None:
    """From a line one finds the trace; what is about no operation names none."""
    structlog.get_logger().info("service.started")
    work_on(SAMPLED)
    structlog.get_logger().info("return_code.unlisted")
    assert here() == SAMPLED
    first, second = written()
    assert "trace_id" not in first
    assert (second["trace_id"], second["span_id"]) == (TRACE, SENDER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-not-a-trace",
        f"01-{TRACE}-{SENDER}-01",
        f"00-{TRACE.upper()}-{SENDER}-01",
        f"00-{'0' * 32}-{SENDER}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{SAMPLED}-x",
        f" {SAMPLED}",
    ],
)
def test_a_broken_header_counts_as_none(text: str) -> None:
    """W3C: whoever cannot read it begins a trace of his own; an id of zeros is none."""
    assert read_headers([("traceparent", text.encode())]).traceparent is None


def test_the_rest_of_the_flags_does_not_matter() -> None:
    """Only the last bit says whether a trace is kept."""
    kept = [f"{flags:02x}" for flags in range(256) if is_sampled(f"00-{TRACE}-{SENDER}-{flags:02x}")]
    assert kept == [f"{flags:02x}" for flags in range(1, 256, 2)]
