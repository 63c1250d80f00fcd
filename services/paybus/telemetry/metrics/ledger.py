"""What the exporter reads in the ledger: how commands ended, what is open, what waits to go out."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from paybus.telemetry.metrics.family import AGE_SECONDS, Family, exemplar_of
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.trades.operation import OPEN, Kind

COMMAND_RESULTS = ("executed", "declined", "rejected")
"""How a command ended; one that is still open is in `paybus_operations_open`."""


class CommandMetrics:
    """How commands ended (exporter)."""

    def __init__(self, registry: CollectorRegistry, groups: MerchantGroups) -> None:
        ended = Counter(
            "paybus_commands",
            "Commands that ended.",
            ["kind", "result", "merchant_group"],
            registry=registry,
        )
        age = Histogram(
            "paybus_command_age_seconds",
            "From asked to answered: a command's ce_time to its final event's. The service level objective.",
            ["kind", "merchant_group"],
            buckets=AGE_SECONDS,
            registry=registry,
        )
        self._groups = groups
        self._ended = Family(ended, Kind, COMMAND_RESULTS, groups.names)
        self._age = Family(age, Kind, groups.names)

    def count(
        self,
        kind: Kind,
        result: str,
        *,
        merchant_id: str,
        age_seconds: float,
        traceparent: str | None = None,
    ) -> None:
        """Count one command that ended with *result* (of COMMAND_RESULTS) at that age."""
        group = self._groups.of(merchant_id)
        self._ended.of(kind, result, group).inc()
        self._age.of(kind, group).observe(age_seconds, exemplar_of(traceparent))


class LedgerMetrics:
    """What the ledger held when it was last read (exporter); old figures look like good ones, so ask when."""

    def __init__(self, registry: CollectorRegistry, groups: MerchantGroups) -> None:
        operations = Gauge(
            "paybus_operations_open",
            "Operations without outcome.",
            ["kind", "state", "merchant_group"],
            registry=registry,
        )
        oldest = Gauge(
            "paybus_unknown_oldest_seconds",
            "Age of the oldest UNKNOWN operation; 0 if none.",
            ["merchant_group"],
            registry=registry,
        )
        amount = Gauge(
            "paybus_unknown_amount_fen",
            "Money of which we do not know whether it moved.",
            ["merchant_group"],
            registry=registry,
        )
        self.groups = groups
        self.operations_open = Family(operations, Kind, sorted(OPEN), groups.names)
        self.unknown_oldest_seconds = Family(oldest, groups.names)
        self.unknown_amount_fen = Family(amount, groups.names)
        self.read_timestamp_seconds = Gauge(
            "paybus_ledger_read_timestamp_seconds",
            "Unix time at which the ledger was last read for figures.",
            registry=registry,
        )
        self.outbox_pending = Gauge(
            "paybus_outbox_pending", "Events committed and not yet on Kafka.", registry=registry
        )
        self.outbox_oldest_seconds = Gauge(
            "paybus_outbox_oldest_seconds", "Age of the oldest of them; 0 if none.", registry=registry
        )
