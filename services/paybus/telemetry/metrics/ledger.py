"""What the exporter reads in the ledger: how commands ended, what is open, what waits to go out."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from paybus.telemetry.metrics.family import AGE_SECONDS, Family, exemplar_of
from paybus.trades.operation import OPEN, Kind

COMMAND_RESULTS = ("executed", "declined", "rejected")
"""How a command ended; one that is still open is in `paybus_operations_open`."""


class CommandMetrics:
    """How commands ended (exporter)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ended = Counter("paybus_commands", "Commands that ended.", ["kind", "result"], registry=registry)
        age = Histogram(
            "paybus_command_age_seconds",
            "From asked to answered: a command's ce_time to its final event's. The service level objective.",
            ["kind"],
            buckets=AGE_SECONDS,
            registry=registry,
        )
        self._ended = Family(ended, Kind, COMMAND_RESULTS)
        self._age = Family(age, Kind)

    def count(self, kind: Kind, result: str, *, age_seconds: float, traceparent: str | None = None) -> None:
        """Count one command that ended with *result* (of COMMAND_RESULTS) at that age."""
        self._ended.of(kind, result).inc()
        self._age.of(kind).observe(age_seconds, exemplar_of(traceparent))


class LedgerMetrics:
    """What the ledger held when it was last read (exporter); old figures look like good ones, so ask when."""

    def __init__(self, registry: CollectorRegistry) -> None:
        states = ["kind", "state"]
        operations = Gauge("paybus_operations_open", "Operations without outcome.", states, registry=registry)
        self.operations_open = Family(operations, Kind, sorted(OPEN))
        self.read_timestamp_seconds = Gauge(
            "paybus_ledger_read_timestamp_seconds",
            "Unix time at which the ledger was last read for figures.",
            registry=registry,
        )
        self.unknown_oldest_seconds = Gauge(
            "paybus_unknown_oldest_seconds",
            "Age of the oldest UNKNOWN operation; 0 if none.",
            registry=registry,
        )
        self.unknown_amount_fen = Gauge(
            "paybus_unknown_amount_fen", "Money of which we do not know whether it moved.", registry=registry
        )
        self.outbox_pending = Gauge(
            "paybus_outbox_pending", "Events committed and not yet on Kafka.", registry=registry
        )
        self.outbox_oldest_seconds = Gauge(
            "paybus_outbox_oldest_seconds", "Age of the oldest of them; 0 if none.", registry=registry
        )
