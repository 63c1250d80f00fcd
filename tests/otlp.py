"""A collector on loopback: takes what services send over OTLP/HTTP, and shows the spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATH = "/v1/traces"


@dataclass(frozen=True)
class CollectedSpan:
    """A span as a tracing tool sees it; identifiers are hexadecimal, and `parent_id` is empty for a root."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    begun_ns: int
    ended_ns: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]

    @property
    def service(self) -> str:
        """The service that did it."""
        return str(self.resource["service.name"])

    @property
    def process(self) -> str:
        """The one process that did it."""
        return str(self.resource["service.instance.id"])

    @property
    def texts(self) -> Iterator[str]:
        """Everything in it that is text."""
        yield self.name
        for named in (self.attributes, self.resource):
            for name, value in named.items():
                yield name
                yield str(value)


@dataclass
class Collector:
    """The spans that came, and how many requests they came in; `status` is what is answered."""

    spans: list[CollectedSpan] = field(default_factory=list)
    requests: int = 0
    status: int = 200
    headers: list[dict[str, str]] = field(default_factory=list)
    endpoint: str = ""
    lock: Lock = field(default_factory=Lock)

    @property
    def variables(self) -> dict[str, str]:
        """The settings with which a service sends its spans here, soon after they end."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "20"}

    def of(self, trace_id: str) -> list[CollectedSpan]:
        """Give the spans of one trace, the first begun first."""
        with self.lock:
            found = [span for span in self.spans if span.trace_id == trace_id]
        return sorted(found, key=lambda span: span.begun_ns)

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Keep the spans of one request, if it is answered well; give the status of the answer."""
        with self.lock:
            self.requests += 1
            self.headers.append(headers)
            if self.status == 200:
                self.spans += _spans(ExportTraceServiceRequest.FromString(body))
            return self.status


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    """Listen on loopback while the block runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found = self.path == PATH
            status = collector.take(body, dict(self.headers)) if found else 404
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield collector
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _spans(request: ExportTraceServiceRequest) -> Iterator[CollectedSpan]:
    for resource_spans in request.resource_spans:
        resource = _values(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield CollectedSpan(
                    name=span.name,
                    kind=span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    begun_ns=span.start_time_unix_nano,
                    ended_ns=span.end_time_unix_nano,
                    failed=span.status.code == span.status.STATUS_CODE_ERROR,
                    attributes=_values(span.attributes),
                    resource=resource,
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
