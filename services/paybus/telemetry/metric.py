"""Every metric of ours, by name: what it counts, in which unit, and the labels it may have.

Each class is one subject and belongs to the process that serves it; the registry is passed in. Labels have
few values, all known here, and every series exists from the start with 0: a rate can be taken of the first
event, and its absence means that nobody serves it. What is not known here is counted as `other`.
Identifiers (trades, merchants, messages) are never labels.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from itertools import product
import platform
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from paybus.contracts.call import GatewayCall
from paybus.contracts.topics import Topics
from paybus.telemetry.trace import is_sampled, trace_and_span_of
from paybus.trades.operation import OPEN, Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES
from paybus.trades.watch import Watch

OTHER = "other"
NO_CODE = "none"
"""The return code of an attempt without a readable answer."""

GATEWAY_OPERATIONS = ("pay", "order", "query", "refund", "cancel", OTHER)
COMMAND_RESULTS = ("executed", "declined", "rejected")
"""How a command ended; one that is still open is in `paybus_operations_open`."""
INTAKE_RESULTS = ("accepted", "duplicate", "rejected", "dead_letter")
"""What became of a record from Kafka; a rejected one was answered with `command.rejected`."""
BROKER_SUBJECTS = ("records", "lag")
"""What is read from Kafka apart from each other: calls and dead letters, and how far the workers are."""
DEAD_LETTER_REASONS = ("value_missing", "value_too_large", "identity_invalid", "not_json", OTHER)
CALLBACK_VERDICTS = (
    "applied",
    "stale",
    "duplicate",
    "recorded",
    "unmatched",
    "discrepancy",
    "refused",
    "unavailable",
)
"""`recorded` tells what only an inquiry can prove, `refused` is not believed, `unavailable` could not be
stored and will be sent again."""

TRAFFIC = ("charges", "inquiries")
"""What a gateway is left alone with apart from each other."""
TRAFFIC_LIMITS = ("breaker", "rate", "error_quota")
"""Why a request is not made now: its gateway is dead, or its merchant made too many, or too many errors."""

RECONCILIATION_BREAKS = ("missing_here", "missing_there", "amount_differs", "state_differs")
"""How a trade differs from the gateway's list of its day."""
COHERENCE_CHECKS = (
    "answer_missing",
    "event_missing",
    "event_ahead",
    "outbox_stuck",
    "operation_forgotten",
    "watch_forgotten",
    "reserved_without_refund",
    "cancelling_without_cancel",
    "pay_open_on_ended_trade",
    "callback_left_behind",
)
"""The rules that the ledger is held against (docs/reconciliation.md)."""

# The gateway waits 5 s for our answer, then sends its callback again.
_CALLBACK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# From a fast gateway to our patience: 15 s for most answers, 90 s for a pay.
_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0)
# The promise is in milliseconds, a customer's PIN takes a minute, an inquiry goes on for hours.
_AGE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0, 300.0, 3600.0, 86400.0)

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
    build.labels(service, version("paybus"), platform.python_version()).set(1)
    return registry


class GatewayMetrics:
    """Attempts at the gateway, from the records of `paybus.gateway.calls.v1` (exporter)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        duration = Histogram(
            "paybus_gateway_call_duration_seconds",
            "From the begin of a request to its judged answer.",
            ["operation", "verdict"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        codes = Counter(
            "paybus_gateway_return_codes",
            "Attempts by the gateway's return code; none without a readable answer.",
            ["operation", "return_code"],
            registry=registry,
        )
        self._duration = Family(duration, GATEWAY_OPERATIONS, Verdict)
        self._codes = Family(codes, GATEWAY_OPERATIONS, (*RETURN_CODES, NO_CODE, OTHER))
        self.unreadable = Counter(
            "paybus_gateway_calls_unreadable",
            "Records of attempts that could not be read and were passed over.",
            registry=registry,
        )

    def count(self, call: GatewayCall, traceparent: str | None = None) -> None:
        """Count one attempt; a verdict that we do not know (from a later version) counts as unknown."""
        verdict = call.verdict if call.verdict in set(Verdict) else Verdict.UNKNOWN
        duration = self._duration.of(call.operation, verdict)
        duration.observe(call.duration_us / 1e6, exemplar_of(traceparent))
        self._codes.of(call.operation, call.return_code or NO_CODE).inc()


class CommandMetrics:
    """How commands ended (exporter)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ended = Counter("paybus_commands", "Commands that ended.", ["kind", "result"], registry=registry)
        age = Histogram(
            "paybus_command_age_seconds",
            "From asked to answered: a command's ce_time to its final event's. The service level objective.",
            ["kind"],
            buckets=_AGE_SECONDS,
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


class BrokerMetrics:
    """What waits in Kafka, and what was put aside (exporter)."""

    def __init__(self, registry: CollectorRegistry, topics: Topics) -> None:
        commands = [topics.commands(kind) for kind in Kind]
        records = Gauge(
            "paybus_consumer_lag_records", "Commands not yet accepted.", ["topic"], registry=registry
        )
        seconds = Gauge(
            "paybus_consumer_lag_seconds",
            "Age of the oldest of them; 0 if none.",
            ["topic"],
            registry=registry,
        )
        letters = Counter(
            "paybus_dead_letters",
            "Records that could not become commands, by the topic they were sent to.",
            ["topic", "reason"],
            registry=registry,
        )
        read_at = Gauge(
            "paybus_broker_read_timestamp_seconds",
            "Unix time at which Kafka was last read for figures.",
            ["subject"],
            registry=registry,
        )
        self.read_timestamp_seconds = Family(read_at, BROKER_SUBJECTS)
        self.lag_records = Family(records, commands)
        self.lag_seconds = Family(seconds, commands)
        self.dead_letters = Family(letters, commands, DEAD_LETTER_REASONS)


class CallbackMetrics:
    """The gateway's callbacks (notifier)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        callbacks = Counter(
            "paybus_callbacks", "Callbacks by what we made of them.", ["verdict"], registry=registry
        )
        self.callbacks = Family(callbacks, CALLBACK_VERDICTS)
        self.duration = Histogram(
            "paybus_callback_duration_seconds",
            "From the begin of a callback to our answer; the gateway waits 5 s for it.",
            buckets=_CALLBACK_SECONDS,
            registry=registry,
        )


class WatchMetrics:
    """Trades that are asked about because nobody else does (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        watched = Gauge(
            "paybus_watched_trades", "Trades under watch, by why they are.", ["reason"], registry=registry
        )
        inquiries = Counter(
            "paybus_watch_inquiries",
            "Inquiries about watched trades by what the answer was worth.",
            ["verdict"],
            registry=registry,
        )
        self.watched = Family(watched, Watch)
        self.inquiries = Family(inquiries, Verdict)


class ReconciliationMetrics:
    """Days compared with the gateway's own list (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        breaks = Counter(
            "paybus_reconciliation_breaks",
            "Trades that differ from the gateway's list.",
            ["break"],
            registry=registry,
        )
        trades = Counter(
            "paybus_reconciliation_trades",
            "Trades compared that do not differ; open ones are still being asked about.",
            ["result"],
            registry=registry,
        )
        self._finished = Gauge(
            "paybus_reconciliation_timestamp_seconds",
            "Unix time at which a day was last compared to its end.",
            registry=registry,
        )
        self.breaks = Family(breaks, RECONCILIATION_BREAKS)
        self._trades = Family(trades, ("matched", "open"))

    def count(self, *, matched: int, still_open: int) -> None:
        """Count what does not differ in a day that was compared just now."""
        self._trades.of("matched").inc(matched)
        self._trades.of("open").inc(still_open)
        self._finished.set_to_current_time()


class CoherenceMetrics:
    """Whether the ledger agrees with itself (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        violations = Gauge(
            "paybus_coherence_violations",
            "What breaks a rule of the ledger now, by rule; 0 when all is well.",
            ["check"],
            registry=registry,
        )
        self.violations = Family(violations, COHERENCE_CHECKS)
        self.looked_timestamp_seconds = Gauge(
            "paybus_coherence_timestamp_seconds",
            "Unix time at which every rule was last looked at.",
            registry=registry,
        )


class MatchMetrics:
    """Callbacks that were left behind (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.matched = Counter(
            "paybus_callbacks_matched_late",
            "Trades to which callbacks were applied that somebody had kept and not matched.",
            registry=registry,
        )


class OverdueMetrics:
    """Barcode payments that stayed unpaid (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.cancels = Counter(
            "paybus_overdue_cancels",
            "Cancels of barcode payments that were unpaid after their deadline.",
            registry=registry,
        )


class TrafficMetrics:
    """What one worker may not send now, and which return codes nobody has judged."""

    def __init__(self, registry: CollectorRegistry, kind: Kind) -> None:
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
            buckets=_AGE_SECONDS,
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
