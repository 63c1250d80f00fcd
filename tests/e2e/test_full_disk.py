"""A disk is full under load: what cannot be kept is not acknowledged, and all goes on when there is space."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from tests.e2e.conftest import systems_on
from tests.e2e.disk import Disk, small_disk
from tests.e2e.shop import ALL, WORKERS, Shop
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a small disk."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def cramped_postgres(disk: Disk) -> Iterator[EmbeddedPostgres]:
    """Give a PostgreSQL that has nothing but the small disk."""
    with EmbeddedPostgres(disk.folder / "postgres", fsync=False) as server:
        yield server


@pytest.fixture
def cramped_kafka(kafka: ApacheKafka, disk: Disk) -> Iterator[ApacheKafka]:
    """Give a Kafka that has nothing but the small disk (where the shared one runs, this one can)."""
    with ApacheKafka(disk.folder / "kafka") as broker:
        yield broker


@pytest.fixture
def ledger_system(kafka: ApacheKafka, cramped_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[System]:
    """Give a system whose ledger is on the small disk."""
    url = cramped_postgres.create_database("ledger")
    migrate(url)
    yield from systems_on(kafka, url, tmp_path)


@pytest.fixture
def broker_system(cramped_kafka: ApacheKafka, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system whose Kafka is on the small disk."""
    yield from systems_on(cramped_kafka, database_url, tmp_path)


def test_the_ledgers_disk_is_full(
    ledger_system: System, disk: Disk, cramped_postgres: EmbeddedPostgres
) -> None:
    """First tables cannot grow, then PostgreSQL itself gives up: nothing is committed, callbacks get 503."""
    shop = Shop(ledger_system)
    shop.open()
    shop.show_a_code()
    shop.ask(40)
    disk.fill()
    shop.ask(400)
    ledger_system.process("pay").await_log("intake.waits")
    assert ledger_system.committed(Kind.PAY) <= ledger_system.count("operation WHERE kind = 'pay'")
    with suppress(psycopg.OperationalError):
        ledger_system.query("SELECT pg_switch_wal(), pg_logical_emit_message(true, 'no', 'space')")
    for service in WORKERS:
        ledger_system.process(service).await_log('"may_send":false')
    shop.let_customer_pay()
    ledger_system.until(lambda: len(shop.callback_answers) > 0)
    assert shop.callback_answers[0] == 503
    disk.free()
    cramped_postgres.start()
    shop.close()
    assert shop.callback_answers[-2:] == [503, 200]
    assert ledger_system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)


def test_the_brokers_disk_is_full(broker_system: System, disk: Disk, cramped_kafka: ApacheKafka) -> None:
    """Kafka gives up: events wait in the outbox, and all that was asked for is answered when it is back."""
    shop = Shop(broker_system)
    shop.open(latency_ms=300)  # there is much to tell still when the disk is full
    shop.ask(200)
    broker_system.await_answers(10)
    disk.fill()
    broker_system.until(lambda: cramped_kafka.has_ended and broker_system.count("outbox") > 0)
    disk.free()
    cramped_kafka.kill()
    cramped_kafka.start()
    shop.ask(40)
    shop.close()
    assert broker_system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)
