"""Pages of metrics without services behind them: a test says what they show, in the services' own metrics."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import time

from prometheus_client import CollectorRegistry, start_http_server

from paybus.contracts.call import GatewayCall
from paybus.contracts.topics import Topics
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.telemetry.metrics.ledger import LedgerMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.metrics.worker import TrafficMetrics
from paybus.trades.operation import Kind


class Pages:
    """The pages of an exporter and of a pay worker; `addresses` says where they are."""

    def __init__(self) -> None:
        exporter, pay = new_registry("exporter"), new_registry("pay")
        self.gateway = GatewayMetrics(exporter, MerchantGroups())
        self.ledger = LedgerMetrics(exporter, MerchantGroups())
        self.broker = BrokerMetrics(exporter, Topics())
        self._traffic = TrafficMetrics(pay, Kind.PAY)
        self.addresses: dict[str, str] = {}
        self._registries = {"exporter": exporter, "pay": pay}
        self.breakers = 0
        self._traffic.read_breakers({"charges": lambda: self.breakers})

    @contextmanager
    def served(self) -> Iterator["Pages"]:
        """Serve them while the block runs; the exporter has just read everything."""
        self.ledger.read_timestamp_seconds.set(time.time())
        for subject in ("records", "lag"):
            self.broker.read_timestamp_seconds.of(subject).set(time.time())
        with ExitStack() as stack:
            for name, registry in self._registries.items():
                self.addresses[name] = stack.enter_context(_page(registry))
            yield self

    def attempt(self, code: str | None, verdict: str, *, times: int) -> None:
        """Count attempts at pay that were answered with *code*."""
        call = GatewayCall(
            operation="pay", kind="pay", merchant_id="0010000001", charge_code="C1", key="C1",
            verdict=verdict, return_code=code, at_ms=0, duration_us=40_000,
        )  # fmt: skip
        for _ in range(times):
            self.gateway.count(call)


@contextmanager
def _page(registry: CollectorRegistry) -> Iterator[str]:
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
