"""The way to the collector: spans in batches over OTLP/HTTP, from a thread of their own.

It is there if the standard variables name an endpoint (docs/traces.md). A collector that is away costs spans,
never time: what does not fit the queue is dropped, the log says so once, and a metric how many.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
import logging
import os
from threading import Thread
from typing import Final
from urllib.parse import unquote
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
import structlog

from paybus.telemetry.delivery import Delivery
from paybus.telemetry.redaction import redact_text, register_secret
from paybus.telemetry.trace import Span, SpanKind, Value, collect, is_sampled

LAST_SECONDS: Final = 3.0
"""How long a stop waits for the collector to take what is left: it is there, or it is not."""

QUEUE_SPANS: Final = 2048
"""How many spans may wait for the collector, by the standard; OTEL_BSP_MAX_QUEUE_SIZE says otherwise."""

_QUEUE: Final = "OTEL_BSP_MAX_QUEUE_SIZE"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HEADERS: Final = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_KEPT: Final = TraceFlags(TraceFlags.SAMPLED)
_FAILED: Final = Status(StatusCode.ERROR)
_FINE: Final = Status(StatusCode.UNSET)
_log = structlog.get_logger(__name__)


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Say whether the standard variables ask for traces: an endpoint is named, and nothing forbids them."""
    forbidden = (
        environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    )
    return not forbidden and any(environment.get(name, "").strip() for name in _ENDPOINTS)


@asynccontextmanager
async def collected(service: str, *, last_seconds: float = LAST_SECONDS) -> AsyncIterator[None]:
    """Have the spans of this process sent to the collector while the block runs, if there is one.

    Leaving it takes *last_seconds* at most; what the collector has not taken then is lost.
    """
    if not is_wanted(os.environ):
        yield
        return
    _register_secrets(os.environ)
    try:
        way = Way(service, OTLPSpanExporter())
    except ValueError as error:  # of one of the standard variables
        _log.warning("trace.not_collected", error=type(error).__name__)
        yield
        return
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # a collector that is away is told by us
    collect(way)
    try:
        yield
    finally:
        collect(None)
        await way.close(last_seconds)


class Way:
    """Takes spans to *exporter*, as the service that *service* names unless the standard variables do."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        self._resource = _resource(service)
        self._sampler = TracerProvider(resource=self._resource, shutdown_on_exit=False).sampler
        self._scope = InstrumentationScope("paybus", version("paybus"))
        self._delivery = Delivery(exporter)
        self._most_waiting = int(os.environ.get(_QUEUE, "").strip() or QUEUE_SPANS)
        self._processor = BatchSpanProcessor(self._delivery, max_queue_size=self._most_waiting)
        self._handed = 0
        self._dropped = 0

    def samples(self, name: str, trace_id: str, header: str | None) -> bool:
        """Ask the sampler of OTEL_TRACES_SAMPLER, which by default follows the sender."""
        context = None
        if header is not None:
            flags = _KEPT if is_sampled(header) else TraceFlags(TraceFlags.DEFAULT)
            sender = SpanContext(int(trace_id, 16), int(header[36:52], 16), is_remote=True, trace_flags=flags)
            context = set_span_in_context(NonRecordingSpan(sender))
        result = self._sampler.should_sample(context, int(trace_id, 16), name, SpanKind.CONSUMER)
        return result.decision is Decision.RECORD_AND_SAMPLE

    def record(
        self, span: Span, attributes: Mapping[str, Value | None], *, ended_ns: int, failed: bool
    ) -> None:
        """Leave a span for the thread that sends, if there is room; text loses the secrets that are known."""
        assert span.parent is not None, "a span that is recorded has its place"
        if self._handed - self._delivery.taken >= self._most_waiting:
            self._dropped += 1  # here and not by the processor, which tells nobody how many it drops
            return
        self._handed += 1
        trace_id, parent_id = int(span.parent[3:35], 16), int(span.parent[36:52], 16)
        self._processor.on_end(
            ReadableSpan(
                span.name,
                SpanContext(trace_id, int(span.span_id, 16), is_remote=False, trace_flags=_KEPT),
                SpanContext(trace_id, parent_id, is_remote=True, trace_flags=_KEPT) if parent_id else None,
                self._resource,
                {name: _clean(value) for name, value in attributes.items() if value is not None},
                kind=span.kind,
                status=_FAILED if failed else _FINE,
                start_time=span.begun_ns,
                end_time=ended_ns,
                instrumentation_scope=self._scope,
            )
        )

    def counts(self) -> Mapping[str, int]:
        """Give how many spans were exported, failed, and dropped because too many waited."""
        delivery = self._delivery
        return {"exported": delivery.exported, "failed": delivery.failed, "dropped": self._dropped}

    async def close(self, seconds: float) -> None:
        """Send what is left, for *seconds* at most."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                loop.call_soon_threadsafe(done.set)

        Thread(target=shut_down, name="trace-shutdown", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await done.wait()


def _clean(value: Value) -> Value:
    return redact_text(value) if isinstance(value, str) else value


def _resource(service: str) -> Resource:
    ours = {
        "service.name": f"paybus-{service}",
        "service.version": version("paybus"),
        "service.instance.id": str(uuid4()),
    }
    return Resource.create(ours).merge(OTELResourceDetector().detect())


def _register_secrets(environment: Mapping[str, str]) -> None:
    """Register what the collector's headers hold: it is mostly a token."""
    for name in _HEADERS:
        for pair in environment.get(name, "").split(","):
            _, _, value = pair.partition("=")
            register_secret(unquote(value.strip()))
