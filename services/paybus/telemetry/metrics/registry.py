"""The registry of one process: what every service says of itself."""

from importlib.metadata import version
import platform

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics

from paybus.telemetry.metrics.spans import SpanCounts


def new_registry(service: str) -> CollectorRegistry:
    """Make the registry of one process, with its CPU, memory and files, and what was built.

    When each counter was made is left out: nobody asks, and it would be a second series for each of them.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "paybus_build_info",
        "1; the labels say what runs.",
        ["service", "version", "python"],
        registry=registry,
    )
    registry.register(SpanCounts())
    build.labels(service, version("paybus"), platform.python_version()).set(1)
    return registry
