"""Spans of this process, as whoever records them counts them."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

from paybus.telemetry.trace import span_counts


class SpanCounts(Collector):
    """Asks at each scrape, so that traces need no metrics and a process without traces shows 0."""

    def collect(self) -> Iterator[Metric]:
        """Give the one family there is."""
        family = CounterMetricFamily(
            "paybus_spans", "Spans of kept traces, by whether the collector has them.", labels=["result"]
        )
        for result, spans in span_counts().items():
            family.add_metric([result], spans)
        yield family
