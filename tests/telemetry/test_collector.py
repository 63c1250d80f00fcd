"""Spans reach a real OTLP receiver; one that is away costs spans, one line of the log, and no time."""

import asyncio
from collections.abc import Iterator
import json
import logging
import socket
import threading
import time
from typing import Any

import pytest
import structlog
from tests.otlp import CollectedSpan, Collector, collecting
from tests.telemetry.conftest import Written

from paybus.telemetry import collector as module
from paybus.telemetry import delivery
from paybus.telemetry.collector import collected, is_wanted
from paybus.telemetry.redaction import register_secret
from paybus.telemetry.trace import SpanKind, begin, enter

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SENDER}-01"
PATIENCE_SECONDS = 30.0


@pytest.fixture(autouse=True)
def _quiet_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a logger that keeps no other's stream; end with no thread that still sends or speaks."""
    for one in (module, delivery):
        monkeypatch.setattr(one, "_log", structlog.get_logger(one.__name__))
    yield
    for thread in threading.enumerate():
        if thread.name in {"OtelBatchSpanRecordProcessor", "trace-shutdown"}:
            thread.join(PATIENCE_SECONDS)
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Listen, and have services of this process send their spans here."""
    with collecting() as made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made


async def one_span(collector: Collector, **how: Any) -> CollectedSpan:
    """Begin a trace and end its first span."""
    async with collected("pay"):
        _, span = enter("accept pay", how.get("header"))
        assert span is not None
        span.end(how.get("attributes", {}))
    (found,) = collector.spans
    return found


async def test_a_span_arrives_as_it_was(collector: Collector) -> None:
    """Trace, parent, kind, times, status and attributes; none is there that has no value."""
    async with collected("pay"):
        span = begin("attempt pay", SAMPLED, SpanKind.CLIENT)
        assert span is not None
        span.end({"http.response.status_code": 502, "error.type": "X", "paybus.reason": None}, failed=True)
    (found,) = collector.spans
    assert (found.trace_id, found.parent_id, found.span_id) == (TRACE, SENDER, span.span_id)
    assert (found.name, found.kind, found.failed) == ("attempt pay", "client", True)
    assert found.attributes == {"http.response.status_code": 502, "error.type": "X"}
    assert 0 < found.begun_ns <= found.ended_ns


async def test_a_trace_that_begins_here_has_a_root(collector: Collector) -> None:
    """No parent is made up for a command that came without one."""
    assert (await one_span(collector)).parent_id == ""


async def test_the_resource_names_the_service_and_the_process(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours by default; the standard variables say otherwise."""
    found = await one_span(collector)
    assert found.service == "paybus-pay"
    assert len(found.process) == 36
    collector.spans.clear()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "till")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-7,deployment.environment=test")
    found = await one_span(collector)
    assert (found.service, found.process) == ("till", "pod-7")
    assert found.resource["deployment.environment"] == "test"


@pytest.mark.parametrize(
    ("variables", "header", "kept"),
    [
        ({}, None, True),
        ({}, SAMPLED, True),
        ({}, f"{SAMPLED[:-2]}00", False),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, None, False),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, SAMPLED, True),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, SAMPLED, False),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, SAMPLED, False),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, f"{SAMPLED[:-2]}00", True),
    ],
)
async def test_the_standard_sampler_decides(
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    header: str | None,
    kept: bool,
) -> None:
    """By default the sender's decision is followed, and what has no sender is kept."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with collected("pay"):
        place, span = enter("accept pay", header)
        assert (span is not None) == kept
        later = begin("settle pay", place)
        assert (later is not None) == kept
        for one in filter(None, (span, later)):
            one.end({})
    assert len(collector.spans) == (2 if kept else 0)


async def test_a_ratio_keeps_about_its_share(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1 000 traces that begin here a tenth is kept, give or take."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.1")
    async with collected("pay"):
        kept = sum(enter("accept pay", None)[1] is not None for _ in range(1_000))
    assert 50 < kept < 200


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_collected_where_an_endpoint_is_named(variables: dict[str, str], wanted: bool) -> None:
    """Nobody gets a connection attempt to localhost who asked for nothing."""
    assert is_wanted(variables) is wanted


async def test_without_an_endpoint_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off is the default."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    async with collected("pay"):
        assert begin("settle pay", SAMPLED) is None


async def test_a_collector_that_is_away_costs_no_time_and_one_line(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """Thousands of spans are given up in silence, a stop is not held up, and the log says it once."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections and never answers
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
        async with collected("pay", last_seconds=0.5):
            await _spans_until(lambda: bool(written()), most=5_000)
            _end_spans(5_000)  # more than the queue holds
            stopping = time.monotonic()
    assert time.monotonic() - stopping < 10.0
    assert [(line["level"], line["event"]) for line in written()] == [("warning", "trace.collector_is_away")]


async def test_the_log_says_when_the_collector_is_back(collector: Collector, written: Written) -> None:
    """And how much is missing."""
    collector.status = 400  # 503 would be tried again
    async with collected("pay"):
        await _spans_until(lambda: bool(written()), most=1)
        collector.status = 200
        await _spans_until(lambda: len(written()) == 2, most=1)
    away, back = written()
    assert (away["event"], back["event"]) == ("trace.collector_is_away", "trace.collector_is_back")
    assert back["lost"] >= 1
    assert collector.spans


async def test_a_setting_that_cannot_be_used_costs_the_traces_alone(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """A service takes payments, whatever is wrong with its tracing."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    async with collected("pay"):
        assert begin("settle pay", SAMPLED) is None
    assert [line["event"] for line in written()] == ["trace.not_collected"]


async def test_a_secret_in_an_attribute_does_not_leave(collector: Collector) -> None:
    """Attributes are chosen so that none can hold one; this is the wall behind that."""
    register_secret("TESTKEY0123456789")
    found = await one_span(collector, attributes={"paybus.reason": "sign of TESTKEY0123456789 is wrong"})
    assert found.attributes == {"paybus.reason": "sign of [redacted] is wrong"}


async def test_the_collectors_own_token_is_a_secret(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """It is sent with each request and never written down."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0psecret,x-tenant=shop")
    await one_span(collector)
    assert collector.headers[0]["authorization"] == "Bearer t0psecret"
    logging.getLogger("anybody").warning("sent with Bearer t0psecret")
    assert "t0psecret" not in json.dumps(written())


def _end_spans(number: int) -> None:
    for _ in range(number):
        span = begin("settle pay", SAMPLED)
        assert span is not None
        span.end({})


async def _spans_until(condition: Any, *, most: int) -> None:
    """End spans until *condition* holds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        _end_spans(most)
        await asyncio.sleep(0.01)
