"""Figures that know the merchant are counted by his group, and never by himself."""

from prometheus_client import CollectorRegistry, generate_latest
import pytest
from tests.telemetry.test_metric import call

from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.telemetry.metrics.ledger import CommandMetrics, LedgerMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.registry import new_registry
from paybus.trades.operation import Kind

GROUPS = MerchantGroups({"retail": ["0010000001", "0010000002"], "online": ["0010000003"]})


@pytest.fixture
def registry() -> CollectorRegistry:
    return new_registry("exporter")


@pytest.mark.parametrize(
    ("merchant_id", "group"),
    [
        ("0010000001", "retail"),
        ("0010000002", "retail"),
        ("0010000003", "online"),
        ("0010000004", "other"),
        ("retail", "other"),
        ("", "other"),
    ],
)
def test_a_merchant_counts_under_his_group(merchant_id: str, group: str) -> None:
    """Who is in none counts under `other`, whatever he is called."""
    assert GROUPS.of(merchant_id) == group


def test_without_groups_all_are_other() -> None:
    """Nothing needs to be set: there is one group, and everybody is in it."""
    assert MerchantGroups().names == ("other",)
    assert MerchantGroups().of("0010000001") == "other"


def test_every_group_is_there_before_anything_happened(registry: CollectorRegistry) -> None:
    """Each metric that knows the merchant has the same number of series, all 0, for each group."""
    for kind in (GatewayMetrics, CommandMetrics, LedgerMetrics):
        kind(registry, GROUPS)
    counts = dict.fromkeys(GROUPS.names, 0)
    for family in registry.collect():
        for sample in family.samples:
            if "merchant_group" in sample.labels:
                counts[sample.labels["merchant_group"]] += 1
                assert sample.value == 0
    assert list(counts) == ["retail", "online", "other"]
    assert set(counts.values()) == {209}


def test_an_attempt_counts_in_its_merchants_group(registry: CollectorRegistry) -> None:
    """Once by verdict and once by return code; the histogram is of all merchants together."""
    metrics = GatewayMetrics(registry, GROUPS)
    metrics.count(call(merchant_id="0010000003"))
    metrics.count(call(merchant_id="0010000009"))
    by_verdict = {"operation": "pay", "verdict": "executed"}
    by_code = {"operation": "pay", "return_code": "SUCCESS"}
    for group, number in (("online", 1), ("other", 1), ("retail", 0)):
        of_group = {"merchant_group": group}
        attempts = registry.get_sample_value("paybus_gateway_attempts_total", by_verdict | of_group)
        codes = registry.get_sample_value("paybus_gateway_return_codes_total", by_code | of_group)
        assert (attempts, codes) == (number, number)
    assert registry.get_sample_value("paybus_gateway_call_duration_seconds_count", by_verdict) == 2


def test_a_command_counts_in_its_merchants_group(registry: CollectorRegistry) -> None:
    """With its age."""
    metrics = CommandMetrics(registry, GROUPS)
    metrics.count(Kind.REFUND, "executed", merchant_id="0010000002", age_seconds=3.0)
    of_group = {"kind": "refund", "merchant_group": "retail"}
    counted = {**of_group, "result": "executed"}
    assert registry.get_sample_value("paybus_commands_total", counted) == 1
    assert registry.get_sample_value("paybus_command_age_seconds_sum", of_group) == 3.0
    others = {"kind": "refund", "merchant_group": "other"}
    assert registry.get_sample_value("paybus_command_age_seconds_count", others) == 0


def test_merchants_make_no_series(registry: CollectorRegistry) -> None:
    """A thousand merchants cost what one does, and none of them can be read on the page."""
    metrics = GatewayMetrics(registry, GROUPS)
    metrics.count(call(merchant_id="0010000001"))
    before = len(generate_latest(registry).splitlines())
    for number in range(1000):
        metrics.count(call(merchant_id=f"MERCHANT{number}"))
    page = generate_latest(registry).decode()
    assert len(page.splitlines()) == before
    assert "MERCHANT" not in page
    assert "0010000001" not in page
