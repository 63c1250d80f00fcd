"""What the reconciler may not ask now is told on its own page, as the workers' is on theirs."""

from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from tests.reconciler.house import ID, House
from tests.reconciler.test_watchman import NOBODY

from paybus.gateway.client import GatewayClient
from paybus.reconciler.composition import gates_of
from paybus.reconciler.settings import ReconcilerSettings


async def test_questions_that_are_put_off_are_counted(house: House) -> None:
    """One call in ten seconds for three trades: two are put off, and the page says so."""
    await house.awaits("C1", "C2", "C3")
    await house.passes()
    merchant = replace(house.client.merchant, calls_per_second=0.1, burst=1)
    registry = CollectorRegistry()
    settings = ReconcilerSettings(
        database_url=SecretStr("postgresql://127.0.0.1/paybus"),
        kafka_bootstrap="127.0.0.1:9092",
        merchants_directory=Path(),
    )
    gates = gates_of({ID: GatewayClient(merchant, NOBODY)}, registry, settings)
    await house.watchman(gates=gates, lease_seconds=30.0).look()
    labels = {"kind": "reconciler", "traffic": "inquiries"}
    assert registry.get_sample_value("paybus_requests_held_back_total", {**labels, "limit": "rate"}) == 2
    assert registry.get_sample_value("paybus_breakers_open", labels) == 0
