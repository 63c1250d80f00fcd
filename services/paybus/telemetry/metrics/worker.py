"""What one worker (pay, refund, cancel) takes on, and what it may not send now."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from paybus.telemetry.metrics.family import AGE_SECONDS, Family
from paybus.trades.operation import Kind

INTAKE_RESULTS = ("accepted", "duplicate", "rejected", "dead_letter")
"""What became of a record from Kafka; a rejected one was answered with `command.rejected`."""

TRAFFIC = ("charges", "inquiries")
"""What a gateway is left alone with apart from each other."""
TRAFFIC_LIMITS = ("breaker", "rate", "error_quota")
"""Why a request is not made now: its gateway is dead, or its merchant made too many, or too many errors."""


RECONCILER: Final = "reconciler"
"""In the place of a kind: the reconciler asks about trades of no kind of its own."""


class TrafficMetrics:
    """What one worker, or the reconciler, may not send now, and which return codes nobody has judged."""

    def __init__(self, registry: CollectorRegistry, kind: str) -> None:
        self._kind = kind
        breakers = Gauge(
            "paybus_breakers_open",
            "Gateways that are left alone because they do not answer.",
            ["kind", "traffic"],
            registry=registry,
        )
        held_back = Counter(
            "paybus_requests_held_back",
            "Requests that were put off, by what forbade them.",
            ["kind", "traffic", "limit"],
            registry=registry,
        )
        unlisted = Counter(
            "paybus_return_codes_unlisted",
            "Replies with a return code that nobody has judged: the operation is unknown.",
            ["kind"],
            registry=registry,
        )
        self._unlisted = unlisted.labels(kind)
        self._breakers = Family(breakers, (kind,), TRAFFIC)
        self._held_back = Family(held_back, (kind,), TRAFFIC, TRAFFIC_LIMITS)

    def held_back(self, traffic: str, limit: str) -> None:
        """Count a request of TRAFFIC that one of TRAFFIC_LIMITS forbids now."""
        self._held_back.of(self._kind, traffic, limit).inc()

    def met_unlisted(self) -> None:
        """Count a reply with a return code that nobody has judged."""
        self._unlisted.inc()

    def read_breakers(self, counts: Mapping[str, Callable[[], float]]) -> None:
        """Ask at each scrape how many gateways are left alone, for each sort of TRAFFIC."""
        for traffic, count in counts.items():
            self._breakers.of(self._kind, traffic).set_function(count)


class WorkerMetrics:
    """One worker (pay, refund, cancel): what it takes on, and whether it may still send."""

    def __init__(self, registry: CollectorRegistry, kind: Kind) -> None:
        records = Counter(
            "paybus_intake_records",
            "Records from Kafka by what became of them.",
            ["kind", "result"],
            registry=registry,
        )
        lag = Histogram(
            "paybus_intake_lag_seconds",
            "From a command's ce_time to its row in the ledger.",
            ["kind"],
            buckets=AGE_SECONDS,
            registry=registry,
        )
        self._kind = kind
        self._records = Family(records, (kind,), INTAKE_RESULTS)
        self._lag = lag.labels(kind)
        in_flight = Gauge("paybus_operations_in_flight", "Calls at the gateway.", ["kind"], registry=registry)
        held = Gauge("paybus_operations_held", "Taken on, without outcome yet.", ["kind"], registry=registry)
        heartbeat_age = Gauge(
            "paybus_heartbeat_age_seconds",
            "Since the last heartbeat in the ledger; at the fence the worker stops sending.",
            ["kind"],
            registry=registry,
        )
        rebalances = Counter(
            "paybus_rebalances",
            "How often the group divided its partitions anew while this worker was in it.",
            ["kind"],
            registry=registry,
        )
        partitions = Gauge(
            "paybus_partitions_assigned",
            "Partitions of the command topic that this worker reads.",
            ["kind"],
            registry=registry,
        )
        self._rebalances, self._partitions = rebalances.labels(kind), partitions.labels(kind)
        self._in_flight, self._held = in_flight.labels(kind), held.labels(kind)
        self._heartbeat_age = heartbeat_age.labels(kind)

    def count(self, result: str, number: int = 1) -> None:
        """Count *number* records of one *result* (of INTAKE_RESULTS)."""
        self._records.of(self._kind, result).inc(number)

    def accepted_after(self, lag_seconds: float) -> None:
        """Note how old a command was when it was accepted."""
        self._lag.observe(lag_seconds)

    def assigned(self, partitions: int) -> None:
        """Note that the group has been divided anew, and how many partitions are ours."""
        self._rebalances.inc()
        self._partitions.set(partitions)

    def read_from(
        self,
        *,
        in_flight: Callable[[], float],
        held: Callable[[], float],
        heartbeat_age_seconds: Callable[[], float],
    ) -> None:
        """Ask these at each scrape, so that nothing is counted twice or forgotten."""
        self._in_flight.set_function(in_flight)
        self._held.set_function(held)
        self._heartbeat_age.set_function(heartbeat_age_seconds)
