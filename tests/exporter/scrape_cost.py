"""What a scrape of the exporter costs: `python -m tests.exporter.scrape_cost` prints it.

Fifty merchants, each of whom has met every return code of every operation, and whose commands ended in every
way, with exemplars. The milliseconds are the exporter's own, in which nobody else has its loop.
"""

from dataclasses import dataclass
from itertools import product
from statistics import median
import time

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

from paybus.contracts.call import GatewayCall
from paybus.contracts.topics import Topics
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.gateway import GATEWAY_OPERATIONS, GatewayMetrics
from paybus.telemetry.metrics.ledger import COMMAND_RESULTS, CommandMetrics, LedgerMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.registry import new_registry
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES

MERCHANTS = [f"{number:010d}" for number in range(10_000_001, 10_000_051)]
SCRAPES = 21
TEXT = ""
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What a client accepts; Prometheus asks for the second."""
_TRACEPARENT = f"00-{'4b' * 16}-{'0f' * 8}-01"


@dataclass(frozen=True, slots=True)
class Cost:
    """One page: how many series, how many bytes, and the usual time to write it."""

    series: int
    text_bytes: int
    openmetrics_bytes: int
    openmetrics_ms: float


def page(groups: int) -> CollectorRegistry:
    """Give an exporter's figures when much has happened, its merchants dealt out to so many groups."""
    members = {f"group-{number:02d}": MERCHANTS[number::groups] for number in range(groups)}
    registry, names = new_registry("exporter"), MerchantGroups(members)
    BrokerMetrics(registry, Topics())
    LedgerMetrics(registry, names)
    gateway, commands = GatewayMetrics(registry, names), CommandMetrics(registry, names)
    codes = (*RETURN_CODES, None, "BRAND_NEW")
    for merchant_id, operation, verdict, code in product(MERCHANTS, GATEWAY_OPERATIONS, Verdict, codes):
        gateway.count(_call(merchant_id, operation, verdict, code), _TRACEPARENT)
    for merchant_id, kind, result in product(MERCHANTS, Kind, COMMAND_RESULTS):
        commands.count(kind, result, merchant_id=merchant_id, age_seconds=0.7, traceparent=_TRACEPARENT)
    return registry


def cost(groups: int) -> Cost:
    """Scrape that page a few times."""
    registry = page(groups)
    text, _ = _scrape(registry, TEXT)
    samples = [one for family in text_string_to_metric_families(text.decode()) for one in family.samples]
    scrapes = [_scrape(registry, OPENMETRICS) for _ in range(SCRAPES)]
    return Cost(
        series=len(samples),
        text_bytes=len(text),
        openmetrics_bytes=len(scrapes[0][0]),
        openmetrics_ms=median(seconds for _, seconds in scrapes) * 1000,
    )


def _call(merchant_id: str, operation: str, verdict: str, code: str | None) -> GatewayCall:
    return GatewayCall(
        operation=operation, kind="pay", merchant_id=merchant_id, charge_code="C1", key="C1", verdict=verdict,
        return_code=code, at_ms=1, duration_us=40_000,
    )  # fmt: skip


def _scrape(registry: CollectorRegistry, accepted: str) -> tuple[bytes, float]:
    begun = time.perf_counter()
    encode, _ = choose_encoder(accepted)
    written: bytes = encode(registry)
    return written, time.perf_counter() - begun


if __name__ == "__main__":
    print("groups  series  text  OpenMetrics  to write it")
    for groups in (0, 1, 5, 20):
        told = cost(groups)
        sizes = f"{told.text_bytes / 1000:.0f} KB  {told.openmetrics_bytes / 1000:.0f} KB"
        print(f"{groups}  {told.series}  {sizes}  {told.openmetrics_ms:.0f} ms")
