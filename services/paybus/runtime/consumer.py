"""The composition of pay, refund and cancel: what is the same in the three, around the flow that is not."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
import logging
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
import httpx
from prometheus_client import CollectorRegistry

from paybus.contracts.topics import Topics
from paybus.execution.flow import Flow
from paybus.execution.gates import Gates, Traffic
from paybus.execution.habits import Habits
from paybus.execution.heart import Heart
from paybus.execution.journal import Journal, open_journal
from paybus.execution.limits import Limits
from paybus.execution.operator import Operator
from paybus.execution.turn import Turns
from paybus.execution.worker import Worker
from paybus.gateway.engine import make_engine
from paybus.gateway.merchant import Merchant
from paybus.gateway.profile import Profile
from paybus.intake.dead_letter import DeadLetters
from paybus.intake.intake import Intake
from paybus.intake.reading import Reader, Record
from paybus.intake.subscriber import Subscription
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.pool import Pool, open_pool
from paybus.ledger.restoration import Doubt, doubts_about
from paybus.ledger.settlement import Settlements
from paybus.ledger.worker import Lease, end, enroll
from paybus.runtime.clients import Clients, breaker_rules, make_client
from paybus.runtime.health import Check, health_app
from paybus.runtime.kafka import open_producer
from paybus.runtime.service import Service, run
from paybus.runtime.settings import WorkerSettings, load_settings, read_merchants, read_profile
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.metrics.worker import TrafficMetrics, WorkerMetrics

_INTAKE_SECONDS = 5.0
"""How long a stop waits for the batch being accepted; one that is cut off comes again, as duplicates."""


def serve(flow: Flow) -> None:
    """Run the service that carries out *flow* until it is stopped; exits the process."""
    settings = load_settings(WorkerSettings)
    merchants, profile = read_merchants(settings), read_profile(settings)

    async def main(service: Service, settings: WorkerSettings) -> None:
        await _Composition(service, settings, flow, merchants, profile).start()
        await service.until_stopped()

    run(flow.kind.value, main, settings)


@dataclass(frozen=True, slots=True)
class _Composition:
    """The parts, started from the inside out: so stopping begins with what comes in."""

    service: Service
    settings: WorkerSettings
    flow: Flow
    merchants: Mapping[str, Merchant]
    profile: Callable[[], Profile]

    async def start(self) -> None:
        kind, settings, service = self.flow.kind, self.settings, self.service
        name = f"paybus-{kind}"
        registry = new_registry(kind.value)
        url = settings.database_url.get_secret_value()
        pool = await service.enter(open_pool(url, application_name=name))
        # Records that may come twice: a refused one must not stop those that follow it.
        producer = await service.enter(open_producer(settings.brokers, client_id=name, idempotent=False))
        journal = await service.enter(open_journal(producer, Topics(settings.topic_prefix).gateway_calls))
        engine = await service.enter(_engine(settings))
        worker_id = await service.enter(_enrolled(pool, kind.value))
        heart = Heart(pool, worker_id, _lease(settings))
        service.watch("heart", heart.beat_on())
        metrics = WorkerMetrics(registry, kind)
        operator = self._operator(engine, journal, TrafficMetrics(registry, kind))
        worker = self._worker(pool, worker_id, operator=operator, heart=heart)
        await service.enter(_stopped_in_time(worker, settings.grace_seconds))
        service.watch("look_for_due", worker.look_for_due())
        _connect(metrics, worker, heart=heart)
        broker = KafkaBroker(
            settings.kafka_bootstrap,
            client_id=name,
            security=settings.brokers.security,
            allow_auto_create_topics=False,  # it would make them with one partition
            logger=logging.getLogger("faststream"),
            graceful_timeout=_INTAKE_SECONDS,
        )
        doubts = await doubts_about(pool, Topics(settings.topic_prefix).commands(kind))
        intake = self._intake(pool, worker_id, producer, worker=worker, metrics=metrics, doubts=doubts)
        subscription = self._subscription(broker, worker, intake)
        await self._serve_health(registry, pool, broker)
        await service.enter(broker)
        await broker.start()
        service.watch("intake", subscription.failed())

    def _operator(
        self, engine: httpx.AsyncBaseTransport, journal: Journal, metrics: TrafficMetrics
    ) -> Operator:
        settings = self.settings
        clients = Clients(self.merchants, lambda merchant: make_client(merchant, engine, settings))
        habits = Habits(self.profile, count_unlisted=metrics.met_unlisted)
        gates = Gates(clients, breaker_rules(settings), counter=metrics)
        metrics.read_breakers({traffic.value: partial(gates.open_count, traffic) for traffic in Traffic})
        lag_seconds = settings.query_lag_seconds
        return Operator(self.flow, clients, journal, lag_seconds=lag_seconds, gates=gates, habits=habits)

    def _worker(self, pool: Pool, worker_id: UUID, *, operator: Operator, heart: Heart) -> Worker:
        settings = self.settings
        limits = Limits(
            in_flight=settings.in_flight,
            max_open=settings.max_open,
            pay_wait_seconds=settings.pay_wait_seconds,
            lag_seconds=settings.query_lag_seconds,
            cut_off_seconds=_cut_off_seconds(settings),
            lease=_lease(settings),
        )
        settlements = GroupCommit(Settlements(pool, worker_id).write)
        turns = Turns(operator, settlements, heart=heart, limits=limits)
        return Worker(pool, worker_id, self.flow.kind, turns=turns, heart=heart, limits=limits)

    def _intake(
        self,
        pool: Pool,
        worker_id: UUID,
        producer: AIOKafkaProducer,
        *,
        worker: Worker,
        metrics: WorkerMetrics,
        doubts: Mapping[int, Doubt],
    ) -> Intake:
        kind, settings = self.flow.kind, self.settings
        expiry = timedelta(seconds=settings.command_expiry_seconds)
        return Intake(
            reader=Reader(kind=kind, merchants=self.merchants, expiry=expiry, doubts=doubts),
            letters=DeadLetters(producer, Topics(settings.topic_prefix).dead_letters(kind)),
            pool=pool,
            worker_id=worker_id,
            metrics=metrics,
            giving=worker.giving,
            hand_over=worker.take_on,
        )

    def _subscription(self, broker: KafkaBroker, worker: Worker, intake: Intake) -> Subscription:
        async def take(records: Sequence[Record]) -> None:
            await worker.await_room()
            await intake.take(records)

        topic = Topics(self.settings.topic_prefix).commands(self.flow.kind)
        # The group is named after its topic: two installations with different prefixes never share one.
        return Subscription(
            broker,
            topic,
            group_id=topic,
            most_records=self.settings.batch_records,
            take=take,
            assigned=intake.metrics.assigned,
        )

    async def _serve_health(self, registry: CollectorRegistry, pool: Pool, broker: KafkaBroker) -> None:
        health = health_app(
            self.service,
            registry,
            Check("ledger", lambda: pool.fetchval("SELECT 1")),
            Check("broker", lambda: _ping(broker)),
        )
        await self.service.enter(web_server(health, self.settings))


def _connect(metrics: WorkerMetrics, worker: Worker, *, heart: Heart) -> None:
    metrics.read_from(
        in_flight=lambda: worker.in_flight,
        held=lambda: worker.held,
        heartbeat_age_seconds=lambda: heart.age_seconds,
    )


def _lease(settings: WorkerSettings) -> Lease:
    return Lease(
        beat_seconds=settings.heartbeat_seconds,
        fence_seconds=settings.fence_seconds,
        lease_seconds=settings.lease_seconds,
    )


def _cut_off_seconds(settings: WorkerSettings) -> float:
    # httpcore waits for a free connection for as long as it may take to make one, and then makes it.
    waits = 2 if settings.gateway_engine == "httpcore" else 1
    return waits * settings.gateway_connect_seconds


@asynccontextmanager
async def _engine(settings: WorkerSettings) -> AsyncIterator[httpx.AsyncBaseTransport]:
    engine = make_engine(settings.gateway_engine, connect_seconds=settings.gateway_connect_seconds)
    try:
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def _enrolled(pool: Pool, service: str) -> AsyncIterator[UUID]:
    """Live in the ledger under a new id while the block runs."""
    worker_id = uuid4()
    await enroll(pool, worker_id, service)
    try:
        yield worker_id
    finally:
        await end(pool, worker_id)


@asynccontextmanager
async def _stopped_in_time(worker: Worker, grace_seconds: float) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await worker.stop(grace_seconds)


async def _ping(broker: KafkaBroker) -> None:
    if not await broker.ping(timeout=1.0):
        raise ConnectionError("the broker does not answer")
