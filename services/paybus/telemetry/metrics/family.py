"""One metric with all its series, and what several processes need for theirs."""

from collections.abc import Iterable
from itertools import product
from typing import Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

from paybus.telemetry.trace import is_sampled, trace_and_span_of

OTHER = "other"

# The promise is in milliseconds, a customer's PIN takes a minute, an inquiry goes on for hours.
AGE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0, 300.0, 3600.0, 86400.0)

Metric = TypeVar("Metric", bound=MetricWrapperBase)


class Family(Generic[Metric]):
    """One metric with all its series made in advance; *labels* gives the values each label may have."""

    def __init__(self, metric: Metric, *labels: Iterable[str]) -> None:
        self._known = [tuple(map(str, values)) for values in labels]
        self._series = {values: metric.labels(*values) for values in product(*self._known)}

    def of(self, *values: str) -> Metric:
        """Give the series of these label values; one that is not known counts as `other`, if there is that.

        Raises KeyError where there is not: those values are our own.
        """
        try:
            return self._series[values]
        except KeyError:
            pairs = zip(values, self._known, strict=True)
            return self._series[tuple(value if value in known else OTHER for value, known in pairs)]


def exemplar_of(traceparent: str | None) -> dict[str, str] | None:
    """Give the labels of an exemplar that leads to a trace; None where nobody keeps that trace.

    Exemplars are in the OpenMetrics format only, and no series of their own.
    """
    if traceparent is None or not is_sampled(traceparent):
        return None
    trace_id, span_id = trace_and_span_of(traceparent)
    return {"trace_id": trace_id, "span_id": span_id}
