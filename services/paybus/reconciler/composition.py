"""The composition of the reconciler: rounds at their own pace, on one ledger and one gateway."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import httpx
from prometheus_client import CollectorRegistry

from paybus.contracts.topics import Topics
from paybus.execution.gates import Gates, Traffic
from paybus.execution.habits import Habits
from paybus.execution.heart import uptime_seconds
from paybus.execution.journal import open_journal
from paybus.execution.ledger_clock import LedgerClock
from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.merchant import Merchant
from paybus.gateway.profile import Profile
from paybus.ledger.pool import Pool, open_pool
from paybus.reconciler.accountant import CALENDAR_SECONDS, Accountant
from paybus.reconciler.auditor import Auditor
from paybus.reconciler.inquirer import Inquirer
from paybus.reconciler.matchmaker import MATCH_SECONDS, Matchmaker
from paybus.reconciler.overdue import Overdue
from paybus.reconciler.rounds import Act, repeat
from paybus.reconciler.settings import ReconcilerSettings
from paybus.reconciler.watchman import LOOK_SECONDS, Pace, Watchman
from paybus.runtime.clients import Clients, breaker_rules, make_client
from paybus.runtime.health import Check, health_app
from paybus.runtime.kafka import open_producer
from paybus.runtime.service import Service
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.reconciler import (
    CoherenceMetrics,
    MatchMetrics,
    OverdueMetrics,
    ReconciliationMetrics,
    WatchMetrics,
)
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.metrics.worker import RECONCILER, TrafficMetrics
from paybus.trades.watch import Rules

NAME = "paybus-reconciler"
LEARN_SECONDS = 5.0
"""To wait for the merchant's turn and to write down the answer; asking twice does no harm."""


async def start(
    service: Service,
    settings: ReconcilerSettings,
    merchants: Mapping[str, Merchant],
    profile: Callable[[], Profile],
) -> None:
    """Start the parts from the inside out."""
    registry = new_registry("reconciler")
    pool = await service.enter(open_pool(settings.database_url.get_secret_value(), application_name=NAME))
    producer = await service.enter(open_producer(settings.brokers, client_id=NAME, idempotent=False))
    journal = await service.enter(open_journal(producer, Topics(settings.topic_prefix).gateway_calls))
    engine = await service.enter(_engine(settings))
    clients = Clients(merchants, lambda merchant: make_client(merchant, engine, settings))
    gates = gates_of(clients, registry, settings)
    inquirer = Inquirer(clients, journal, gates)
    watchman = _watchman(pool, inquirer, WatchMetrics(registry), settings, Habits(profile))
    rounds = _rounds(pool, gates, watchman, registry=registry, settings=settings)
    health = health_app(service, registry, Check("ledger", lambda: pool.fetchval("SELECT 1")))
    await service.enter(web_server(health, settings))
    for name, act, every_seconds in rounds:
        service.watch(name, repeat(name, act, every_seconds=every_seconds))


def gates_of(
    clients: Mapping[str, GatewayClient], registry: CollectorRegistry, settings: ReconcilerSettings
) -> Gates:
    """Give what stands between all questions of this process and the gateways, with its metrics."""
    metrics = TrafficMetrics(registry, RECONCILER)
    gates = Gates(clients, breaker_rules(settings), counter=metrics)
    metrics.read_breakers({traffic.value: partial(gates.open_count, traffic) for traffic in Traffic})
    return gates


def _rounds(
    pool: Pool,
    gates: Gates,
    watchman: Watchman,
    *,
    registry: CollectorRegistry,
    settings: ReconcilerSettings,
) -> list[tuple[str, Act, float]]:
    """Give everything that is done again and again: its name, one round of it, and the pause between two."""
    overdue = Overdue(
        pool,
        LedgerClock(pool, uptime_seconds),
        OverdueMetrics(registry),
        expiry_seconds=settings.command_expiry_seconds,
        grace_seconds=settings.barcode_grace_seconds,
    )
    matchmaker = Matchmaker(pool, MatchMetrics(registry))
    compared = ReconciliationMetrics(registry)
    accountant = Accountant(pool, gates, compared, hour=settings.reconcile_hour)
    auditor = Auditor(pool, CoherenceMetrics(registry))
    return [
        ("follow", watchman.follow, LOOK_SECONDS),
        ("look", watchman.look, LOOK_SECONDS),
        ("overdue", overdue.look, LOOK_SECONDS),
        ("match", matchmaker.look, MATCH_SECONDS),
        ("compare", accountant.look, CALENDAR_SECONDS),
        ("audit", auditor.look, settings.coherence_seconds),
    ]


def _watchman(
    pool: Pool, inquirer: Inquirer, metrics: WatchMetrics, settings: ReconcilerSettings, habits: Habits
) -> Watchman:
    rules = Rules(
        settings.watch_first_seconds,
        settings.watch_longest_seconds,
        refund_late_charges=settings.refund_late_charges,
    )
    pace = Pace(
        most_at_once=settings.watch_per_second,
        lease_seconds=lease_seconds(settings),
        lag_seconds=partial(habits.lag_seconds, settings.query_lag_seconds),
    )
    return Watchman(pool, inquirer, metrics, rules=rules, pace=pace)


def lease_seconds(settings: ReconcilerSettings) -> float:
    """Say how long one process may take over an inquiry and its lesson before another asks in its place."""
    # The core of an engine may wait as long again for a free connection as it takes to make one.
    return 2 * settings.gateway_connect_seconds + settings.gateway_other_seconds + LEARN_SECONDS


@asynccontextmanager
async def _engine(settings: ReconcilerSettings) -> AsyncIterator[httpx.AsyncBaseTransport]:
    engine = make_engine(settings.gateway_engine, connect_seconds=settings.gateway_connect_seconds)
    try:
        yield engine
    finally:
        await engine.aclose()
