"""What became of the spans that were handed to the sending thread, and what the log hears of it."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
import structlog

_log = structlog.get_logger(__name__)


class Delivery(SpanExporter):
    """Counts what *exporter* delivers; tells the log once that the collector is away or back."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.taken = 0
        """Spans that have left the queue; of the last batch nobody may know yet what became of it."""
        self.exported = 0
        self.failed = 0
        self._exporter = exporter
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch, from the one thread that sends."""
        self.taken += len(spans)
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self._note(result, len(spans))
        return result

    def shutdown(self) -> None:
        """Have the exporter stop."""
        self._exporter.shutdown()

    def _note(self, result: SpanExportResult, spans: int) -> None:
        if result is SpanExportResult.SUCCESS:
            self.exported += spans
            if self._lost:
                _log.info("trace.collector_is_back", lost=self._lost)
            self._lost = 0
        else:
            self.failed += spans
            if not self._lost:
                _log.warning("trace.collector_is_away")
            self._lost += spans
