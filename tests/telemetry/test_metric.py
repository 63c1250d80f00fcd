"""Every metric is there from the start, with labels of few values."""

import re
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families
import pytest

from paybus.contracts.call import GatewayCall
from paybus.contracts.command import identify
from paybus.contracts.errors import NotACommandError
from paybus.contracts.topics import Topics
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.telemetry.metrics.ledger import COMMAND_RESULTS, CommandMetrics, LedgerMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.notifier import CALLBACK_VERDICTS, CallbackMetrics, DiscrepancyMetrics
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.metrics.worker import INTAKE_RESULTS, TrafficMetrics, WorkerMetrics
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """Give a series' value; where the metric knows groups of merchants and none is named, of `other`."""
    alone = registry.get_sample_value(name, labels)
    return registry.get_sample_value(name, {"merchant_group": "other", **labels}) if alone is None else alone


def everything() -> CollectorRegistry:
    """Register all metrics there are in one registry, as no process does."""
    registry = new_registry("all")
    GatewayMetrics(registry, MerchantGroups())
    CommandMetrics(registry, MerchantGroups())
    LedgerMetrics(registry, MerchantGroups())
    BrokerMetrics(registry, Topics())
    CallbackMetrics(registry)
    DiscrepancyMetrics(registry)
    WorkerMetrics(registry, Kind.PAY)
    TrafficMetrics(registry, Kind.PAY)
    return registry


def call(**changes: Any) -> GatewayCall:
    values = {
        "operation": "pay", "kind": "pay", "merchant_id": "1", "charge_code": "C1", "key": "C1",
        "verdict": "executed", "return_code": "SUCCESS", "at_ms": 1, "duration_us": 50_000,
    }  # fmt: skip
    return GatewayCall(**{**values, **changes})


PROMISED = {
    "paybus_gateway_call_duration_seconds": {"operation", "verdict"},
    "paybus_gateway_attempts": {"operation", "verdict", "merchant_group"},
    "paybus_gateway_return_codes": {"operation", "return_code", "merchant_group"},
    "paybus_gateway_calls_unreadable": set(),
    "paybus_commands": {"kind", "result", "merchant_group"},
    "paybus_command_age_seconds": {"kind", "merchant_group"},
    "paybus_operations_open": {"kind", "state", "merchant_group"},
    "paybus_unknown_oldest_seconds": {"merchant_group"},
    "paybus_unknown_amount_fen": {"merchant_group"},
    "paybus_outbox_pending": set(),
    "paybus_outbox_oldest_seconds": set(),
    "paybus_consumer_lag_records": {"topic"},
    "paybus_consumer_lag_seconds": {"topic"},
    "paybus_dead_letters": {"topic", "reason"},
    "paybus_broker_read_timestamp_seconds": {"subject"},
    "paybus_callbacks": {"verdict"},
    "paybus_callback_duration_seconds": set(),
    "paybus_discrepancies": {"source"},
    "paybus_spans": {"result"},
    "paybus_build_info": {"service", "version", "python"},
    "paybus_ledger_read_timestamp_seconds": set(),
    "paybus_intake_records": {"kind", "result"},
    "paybus_intake_lag_seconds": {"kind"},
    "paybus_operations_in_flight": {"kind"},
    "paybus_operations_held": {"kind"},
    "paybus_heartbeat_age_seconds": {"kind"},
    "paybus_rebalances": {"kind"},
    "paybus_partitions_assigned": {"kind"},
    "paybus_breakers_open": {"kind", "traffic"},
    "paybus_requests_held_back": {"kind", "traffic", "limit"},
    "paybus_return_codes_unlisted": {"kind"},
}


def test_the_metrics_and_their_labels_are_these() -> None:
    """Dashboards and alerts are written for these names; none has a label that could identify a trade."""
    found = {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in text_string_to_metric_families(generate_latest(everything()).decode())
        if family.name.startswith("paybus_")
    }
    assert found == PROMISED


def test_names_have_their_unit_last_and_every_metric_a_help() -> None:
    """As Prometheus and OpenMetrics want them: no metric without words, base units only."""
    text = generate_openmetrics(everything()).decode()
    helps = dict(re.findall(r"^# HELP (paybus_\S+) (.*)$", text, re.MULTILINE))
    assert set(helps) == set(PROMISED)
    assert all(words.endswith(".") for words in helps.values())
    assert not re.search(r"^# TYPE \S+_(ms|milliseconds|us) ", text, re.MULTILINE)


def test_every_series_is_there_before_anything_happened(registry: CollectorRegistry) -> None:
    """A rate of the first unlisted return code is only seen if the series began with 0."""
    GatewayMetrics(registry, MerchantGroups())
    CommandMetrics(registry, MerchantGroups())
    CallbackMetrics(registry)
    WorkerMetrics(registry, Kind.REFUND)
    name = "paybus_gateway_call_duration_seconds_count"
    for operation in ("pay", "order", "query", "refund", "cancel", "other"):
        for verdict in Verdict:
            assert value(registry, name, operation=operation, verdict=verdict) == 0
        for code in (*RETURN_CODES, "none", "other"):
            name_of_codes = "paybus_gateway_return_codes_total"
            assert value(registry, name_of_codes, operation=operation, return_code=code) == 0
    for kind in Kind:
        for result in COMMAND_RESULTS:
            assert value(registry, "paybus_commands_total", kind=kind, result=result) == 0
    for verdict in CALLBACK_VERDICTS:
        assert value(registry, "paybus_callbacks_total", verdict=verdict) == 0
    for result in INTAKE_RESULTS:
        assert value(registry, "paybus_intake_records_total", kind="refund", result=result) == 0


def test_a_call_is_counted_by_operation_verdict_and_return_code(registry: CollectorRegistry) -> None:
    """Microseconds in the record, seconds in the metric."""
    GatewayMetrics(registry, MerchantGroups()).count(call())
    labels = {"operation": "pay", "verdict": "executed"}
    name = "paybus_gateway_call_duration_seconds"
    assert value(registry, f"{name}_sum", **labels) == pytest.approx(0.05)
    assert value(registry, f"{name}_bucket", **labels, le="0.05") == 1
    assert value(registry, f"{name}_bucket", **labels, le="0.025") == 0
    counted = value(registry, "paybus_gateway_return_codes_total", operation="pay", return_code="SUCCESS")
    assert counted == 1


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({"return_code": "BRAND_NEW"}, {"operation": "pay", "return_code": "other"}),
        ({"return_code": None}, {"operation": "pay", "return_code": "none"}),
        ({"operation": "dance"}, {"operation": "other", "return_code": "SUCCESS"}),
        ({"operation": "dance", "return_code": "NEW"}, {"operation": "other", "return_code": "other"}),
    ],
)
def test_what_the_gateway_invents_makes_no_new_series(
    registry: CollectorRegistry, changes: dict[str, Any], labels: dict[str, str]
) -> None:
    """A gateway that answers with a new code each time would otherwise fill Prometheus's memory."""
    metrics = GatewayMetrics(registry, MerchantGroups())
    before = len(generate_latest(registry).splitlines())
    metrics.count(call(**changes))
    assert len(generate_latest(registry).splitlines()) == before
    assert value(registry, "paybus_gateway_return_codes_total", **labels) == 1


def test_a_verdict_of_a_later_version_counts_as_unknown(registry: CollectorRegistry) -> None:
    """The exporter may be older than the workers; it neither stops nor calls it a success."""
    GatewayMetrics(registry, MerchantGroups()).count(call(verdict="perhaps"))
    name = "paybus_gateway_call_duration_seconds_count"
    assert value(registry, name, operation="pay", verdict="unknown") == 1


def test_our_own_mistakes_are_not_counted_as_something_else(registry: CollectorRegistry) -> None:
    """A result that is not in the list is a defect of ours and raises."""
    with pytest.raises(KeyError):
        CommandMetrics(registry, MerchantGroups()).count(Kind.PAY, "great", merchant_id="1", age_seconds=1)
    with pytest.raises(ValueError, match="longer"):
        LedgerMetrics(registry, MerchantGroups()).operations_open.of("pay")


def test_commands_are_counted_with_their_age(registry: CollectorRegistry) -> None:
    """The service level is read from the age's buckets."""
    CommandMetrics(registry, MerchantGroups()).count(Kind.PAY, "executed", merchant_id="1", age_seconds=0.2)
    assert value(registry, "paybus_commands_total", kind="pay", result="executed") == 1
    assert value(registry, "paybus_command_age_seconds_bucket", kind="pay", le="0.25") == 1
    assert value(registry, "paybus_command_age_seconds_bucket", kind="pay", le="0.1") == 0


@pytest.mark.parametrize(
    "record", [None, b"{", b"{}", b"x" * 65_537, b'{"merchant_id":"1","charge_code":"1"}']
)
def test_every_reason_of_a_dead_letter_is_known(registry: CollectorRegistry, record: bytes | None) -> None:
    """A reason that the contracts give is counted under its own name."""
    metrics = BrokerMetrics(registry, Topics("x"))
    with pytest.raises(NotACommandError) as refused:
        identify(record, Kind.REFUND)
    metrics.dead_letters.of("x.refund.commands.v1", refused.value.reason).inc()
    labels = {"topic": "x.refund.commands.v1", "reason": refused.value.reason}
    assert value(registry, "paybus_dead_letters_total", **labels) == 1


def test_a_workers_figures_are_asked_for_at_each_scrape(registry: CollectorRegistry) -> None:
    """What is counted by looking cannot be forgotten to be counted down."""
    metrics = WorkerMetrics(registry, Kind.PAY)
    calls = {1, 2}
    metrics.read_from(
        in_flight=lambda: len(calls), held=lambda: 10 * len(calls), heartbeat_age_seconds=lambda: 0.5
    )
    assert value(registry, "paybus_operations_in_flight", kind="pay") == 2
    calls.clear()
    assert value(registry, "paybus_operations_in_flight", kind="pay") == 0
    assert value(registry, "paybus_operations_held", kind="pay") == 0
    assert value(registry, "paybus_heartbeat_age_seconds", kind="pay") == 0.5


def test_a_division_of_the_group_is_counted_and_its_last_outcome_kept(registry: CollectorRegistry) -> None:
    """Divisions add up; how many partitions are ours is what the last one gave."""
    metrics = WorkerMetrics(registry, Kind.PAY)
    metrics.assigned(12)
    metrics.assigned(6)
    assert value(registry, "paybus_rebalances_total", kind="pay") == 2
    assert value(registry, "paybus_partitions_assigned", kind="pay") == 6


def test_intake_counts_batches_and_how_late_they_came(registry: CollectorRegistry) -> None:
    """One call a batch for the counts, one a command for the lag."""
    metrics = WorkerMetrics(registry, Kind.CANCEL)
    metrics.count("accepted", 400)
    metrics.count("accepted")
    metrics.accepted_after(2.0)
    assert value(registry, "paybus_intake_records_total", kind="cancel", result="accepted") == 401
    assert value(registry, "paybus_intake_lag_seconds_sum", kind="cancel") == 2.0


def test_a_registry_is_one_processs_own() -> None:
    """Two in one process do not meet, and each says what runs."""
    first, second = new_registry("pay"), new_registry("refund")
    WorkerMetrics(first, Kind.PAY)
    WorkerMetrics(second, Kind.PAY).count("accepted")
    assert value(first, "paybus_intake_records_total", kind="pay", result="accepted") == 0
    text = generate_latest(second).decode()
    assert re.search(r'paybus_build_info\{python="3[^"]+",service="refund",version="[^"]+"\} 1\.0', text)
    assert "process_resident_memory_bytes" in text
