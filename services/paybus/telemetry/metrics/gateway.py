"""Attempts at the gateway, as the exporter reads them from Kafka."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from paybus.contracts.call import GatewayCall
from paybus.telemetry.metrics.family import OTHER, Family, exemplar_of
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES

NO_CODE = "none"
"""The return code of an attempt without a readable answer."""

GATEWAY_OPERATIONS = ("pay", "order", "query", "refund", "cancel", OTHER)

# From a fast gateway to our patience: 15 s for most answers, 90 s for a pay.
_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0)


class GatewayMetrics:
    """Attempts at the gateway, from the records of `paybus.gateway.calls.v1` (exporter).

    The histogram is of all merchants: for each group it would cost twice as much as all else together.
    """

    def __init__(self, registry: CollectorRegistry, groups: MerchantGroups) -> None:
        duration = Histogram(
            "paybus_gateway_call_duration_seconds",
            "From the begin of a request to its judged answer.",
            ["operation", "verdict"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        attempts = Counter(
            "paybus_gateway_attempts",
            "Attempts by what their answers were worth.",
            ["operation", "verdict", "merchant_group"],
            registry=registry,
        )
        codes = Counter(
            "paybus_gateway_return_codes",
            "Attempts by the gateway's return code; none without a readable answer.",
            ["operation", "return_code", "merchant_group"],
            registry=registry,
        )
        self._groups = groups
        self._duration = Family(duration, GATEWAY_OPERATIONS, Verdict)
        self._attempts = Family(attempts, GATEWAY_OPERATIONS, Verdict, groups.names)
        self._codes = Family(codes, GATEWAY_OPERATIONS, (*RETURN_CODES, NO_CODE, OTHER), groups.names)
        self.unreadable = Counter(
            "paybus_gateway_calls_unreadable",
            "Records of attempts that could not be read and were passed over.",
            registry=registry,
        )

    def count(self, call: GatewayCall, traceparent: str | None = None) -> None:
        """Count one attempt; a verdict that we do not know (from a later version) counts as unknown."""
        verdict = call.verdict if call.verdict in set(Verdict) else Verdict.UNKNOWN
        group = self._groups.of(call.merchant_id)
        duration = self._duration.of(call.operation, verdict)
        duration.observe(call.duration_us / 1e6, exemplar_of(traceparent))
        self._attempts.of(call.operation, verdict, group).inc()
        self._codes.of(call.operation, call.return_code or NO_CODE, group).inc()
