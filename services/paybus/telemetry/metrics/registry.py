"""The registry of one process: what every service says of itself."""

from importlib.metadata import version
import platform

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from paybus.telemetry.metrics.spans import SpanCounts


def new_registry(service: str) -> CollectorRegistry:
    """Make the registry of one process, with its CPU, memory and files, and what was built."""
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
