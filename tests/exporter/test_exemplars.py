"""A bucket leads to a trace: of the last attempt or command in it, if that trace is kept."""

from dataclasses import dataclass
import re
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
import pytest
from tests.telemetry.notebook import LEFT_OUT, SAMPLED, SENDER, TRACE

from paybus.contracts.call import GatewayCall, call_headers, encode_call
from paybus.contracts.topics import Topics
from paybus.exporter.tally import Tally
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.telemetry.metrics.ledger import CommandMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.trades.operation import Kind

CALL = GatewayCall(
    operation="pay", kind="pay", merchant_id="1", charge_code="C1", key="C1", verdict="executed",
    return_code="SUCCESS", at_ms=1, duration_us=40_000,
)  # fmt: skip
TOPICS = Topics("exemplars")


@dataclass
class Consumed:
    """A record of the calls topic."""

    headers: Any
    topic: str = TOPICS.gateway_calls
    value: bytes | None = encode_call(CALL)


def exemplars(registry: CollectorRegistry) -> list[tuple[str, str, str]]:
    """Give the bound of each bucket that has an exemplar, with its span and its trace."""
    text = generate_openmetrics(registry).decode()
    pattern = r'_bucket\{.*?le="([^"]+)".*\} \S+ # \{span_id="(\w+)",trace_id="(\w+)"\}'
    return re.findall(pattern, text)


def counted(*headers: Any) -> CollectorRegistry:
    """Count records with these headers."""
    registry = CollectorRegistry()
    tally = Tally(TOPICS, GatewayMetrics(registry, MerchantGroups()), BrokerMetrics(registry, TOPICS))
    for one in headers:
        tally.count(Consumed(one))
    return registry


def test_an_attempts_bucket_names_its_span() -> None:
    """In OpenMetrics; the plain text, which has no exemplars, is as it was."""
    registry = counted(call_headers(SAMPLED))
    assert exemplars(registry) == [("0.05", SENDER, TRACE)]
    assert TRACE not in generate_latest(registry).decode()


@pytest.mark.parametrize(
    "headers",
    [[], call_headers(LEFT_OUT), [("traceparent", None)], [("traceparent", b"\xff")], [("x", b"1")]],
)
def test_a_trace_that_nobody_keeps_is_no_exemplar(headers: Any) -> None:
    """Whoever follows it would find nothing. The attempt is counted all the same."""
    registry = counted(headers)
    assert exemplars(registry) == []
    labels = {"operation": "pay", "verdict": "executed"}
    assert registry.get_sample_value("paybus_gateway_call_duration_seconds_count", labels) == 1


def test_a_commands_age_names_its_trace() -> None:
    """The slowest bucket of the service level leads to a command that was slow."""
    registry = CollectorRegistry()
    CommandMetrics(registry, MerchantGroups()).count(
        Kind.PAY, "executed", merchant_id="1", age_seconds=100.0, traceparent=SAMPLED
    )
    assert exemplars(registry) == [("300.0", SENDER, TRACE)]
