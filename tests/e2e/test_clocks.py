"""Clocks are moved by half an hour under load: nobody is charged twice, or refused because of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import systems_on
from tests.e2e.shop import PATIENT, Shop
from tests.e2e.system import System
from tests.e2e.wall_clock import WallClock
from tests.kafka.apache import ApacheKafka

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres

HALF_AN_HOUR_SECONDS = 1800  # well below PATIENT, which is on the clocks that are moved


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    """Give a clock that is right."""
    return WallClock(tmp_path / "clock")


@pytest.fixture
def moved_postgres(tmp_path: Path, clock: WallClock) -> Iterator[EmbeddedPostgres]:
    """Give a PostgreSQL that lives by that clock."""
    with clock.inherited():
        server = EmbeddedPostgres(tmp_path / "postgres", fsync=False)
        server.start()
    with server:
        yield server


@pytest.fixture
def moved_system(kafka: ApacheKafka, moved_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[System]:
    """Give a system whose ledger lives by that clock."""
    url = moved_postgres.create_database("ledger")
    migrate(url)
    yield from systems_on(kafka, url, tmp_path)


def test_the_workers_clock_is_moved(system: System, clock: WallClock) -> None:
    """Half an hour forward, an hour back: what is to be sent is sent, and what has truly expired is not."""
    shop = Shop(system)
    system.start_sandbox(latency_ms=50)
    with clock.inherited():
        shop.start_services(command_expiry_seconds=80)
    shop.ask(80)
    system.await_answers(10)
    for seconds in (HALF_AN_HOUR_SECONDS, -HALF_AN_HOUR_SECONDS):
        clock.move(seconds)
        shop.ask(80)
        shop.ask_too_late()
        system.await_answers(shop.asked.total())
    shop.close()


def test_the_ledgers_clock_is_moved(moved_system: System, clock: WallClock) -> None:
    """Half an hour forward, with calls of two workers under way: all leases look as if they had run out.

    Nobody is declared dead because of it, and what the gateway does not show yet is not taken for not sent.
    """
    shop = Shop(moved_system)
    shop.open(latency_ms=400)
    moved_system.start("another", "pay", **PATIENT)
    shop.ask(120)
    moved_system.await_answers(10)
    clock.move(HALF_AN_HOUR_SECONDS)
    shop.ask(40)
    shop.close()
    assert moved_system.count("worker WHERE dead_at IS NOT NULL") == 0
