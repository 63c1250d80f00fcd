"""Every span that was recorded is counted once: the collector has it, did not take it, or too many waited."""

import asyncio
from collections.abc import Callable, Iterator
import threading
import time

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import pytest
from tests.otlp import Collector, collecting
from tests.telemetry.notebook import LEFT_OUT, SAMPLED, noted

from paybus.telemetry.collector import collected
from paybus.telemetry.delivery import Delivery
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.trace import SPAN_RESULTS, begin, span_counts

PATIENCE_SECONDS = 30.0


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Listen, and have spans of this process sent there in batches of four; eight may wait."""
    with collecting() as made:
        variables = {"OTEL_BSP_MAX_QUEUE_SIZE": "8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
        for name, value in (made.variables | variables).items():
            monkeypatch.setenv(name, value)
        yield made
    for thread in threading.enumerate():
        if thread.name in {"OtelBatchSpanRecordProcessor", "trace-shutdown"}:
            thread.join(PATIENCE_SECONDS)


def page() -> dict[str, float | None]:
    """Give what a service of this process would show, by result."""
    registry = new_registry("pay")
    return {one: registry.get_sample_value("paybus_spans_total", {"result": one}) for one in SPAN_RESULTS}


def end_spans(number: int, place: str = SAMPLED) -> None:
    """Record so many spans."""
    for _ in range(number):
        span = begin("settle pay", place)
        if span is not None:
            span.end({})


async def until(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds; fails when it does not in time."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < patience
        await asyncio.sleep(0.01)


def test_a_process_without_traces_shows_zeros() -> None:
    """Every series is there from the start, whether anybody collects or not."""
    assert page() == {"exported": 0, "failed": 0, "dropped": 0}


async def test_what_the_collector_has_is_exported(collector: Collector) -> None:
    """As many as arrived there; a trace that nobody keeps is not counted at all."""
    async with collected("pay"):
        end_spans(3)
        end_spans(5, LEFT_OUT)
        await until(lambda: span_counts()["exported"] == 3)
        assert page() == {"exported": 3, "failed": 0, "dropped": 0}
    assert len(collector.spans) == 3


async def test_what_the_collector_refuses_has_failed(collector: Collector) -> None:
    """Each span of the batch, and none of those that come through later."""
    collector.status = 400  # 503 would be tried again
    async with collected("pay"):
        end_spans(3)
        await until(lambda: span_counts()["failed"] == 3)
        collector.status = 200
        end_spans(2)
        await until(lambda: span_counts()["exported"] == 2)
        assert page() == {"exported": 2, "failed": 3, "dropped": 0}
    assert len(collector.spans) == 2


async def test_what_finds_the_queue_full_is_dropped(collector: Collector) -> None:
    """Of 100 spans that no collector takes, what waits or is under way comes through later, and no other."""
    async with collected("pay"):
        with collector.lock:  # it takes a request and does not answer
            end_spans(100)
            assert 100 - 8 - 4 <= span_counts()["dropped"] <= 100 - 8
        await until(lambda: sum(span_counts().values()) == 100)
        counts = span_counts()
        assert counts["failed"] == 0
    assert len(collector.spans) == counts["exported"] == 100 - counts["dropped"]


def test_an_exporter_that_raises_has_failed() -> None:
    """A defect of the library loses a batch, not the count of it."""

    class Broken(InMemorySpanExporter):
        def export(self, spans: object) -> None:  # type: ignore[override]
            raise RuntimeError

    delivery = Delivery(Broken())
    with noted() as notebook:
        end_spans(2)
    with pytest.raises(RuntimeError):
        delivery.export([span for span, _, _ in notebook.spans])  # type: ignore[misc]
    assert (delivery.taken, delivery.failed, delivery.exported) == (2, 2, 0)
