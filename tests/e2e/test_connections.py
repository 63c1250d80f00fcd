"""PostgreSQL has no connection to give, or locks let nobody on: nothing is lost, all goes on by itself."""

from contextlib import ExitStack, suppress
import time

import psycopg
from tests.e2e.shop import ALL, WORKERS, Shop
from tests.e2e.system import PATIENCE_SECONDS, System

from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind

END_SERVICES = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ledger'"


class Crowd(ExitStack):
    """Sessions of others, as many as there are places for; they leave with the block."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        super().__init__()
        self._server = server
        self._first = self.enter_context(psycopg.connect(server.url(), autocommit=True))
        self._size = 1

    def take_free_connections(self) -> None:
        """Leave nothing but what the services have already."""
        with suppress(psycopg.OperationalError):  # "sorry, too many clients already"
            while True:
                self.enter_context(psycopg.connect(self._server.url()))
                self._size += 1

    def take_every_connection(self) -> None:
        """Leave the services none: end theirs, and be there before them, until all places are ours."""
        (places,) = self._first.execute("SELECT current_setting('max_connections')::int").fetchone() or (0,)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._size < places:
            assert time.monotonic() < deadline, f"{self._size} of {places} places are ours"
            self._first.execute(END_SERVICES)
            self.take_free_connections()


def test_every_connection_is_taken(lone_system: System, postgres: EmbeddedPostgres) -> None:
    """Others hold all that PostgreSQL has: not ready, nothing sent, callbacks get 503; then all goes on."""
    shop = Shop(lone_system)
    shop.open()
    shop.show_a_code()
    with Crowd(postgres) as crowd:
        crowd.take_free_connections()
        shop.ask(200)
        lone_system.until(lambda: lone_system.effects("charge").total() > 20)
        crowd.take_every_connection()
        for service in WORKERS:
            lone_system.process(service).await_log('"may_send":false')
        charged = lone_system.effects("charge").total()
        shop.let_customer_pay()
        lone_system.until(lambda: len(shop.callback_answers) > 1)
        assert set(shop.callback_answers) == {503}
        assert not any(map(lone_system.is_ready, ALL))
        assert lone_system.effects("charge").total() == charged + 1 < shop.asked[Kind.PAY]
    lone_system.until(lambda: all(map(lone_system.is_ready, ALL)))
    shop.close()
    assert shop.callback_answers[-2:] == [503, 200]
    assert lone_system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)


def test_somebody_locks_the_trades(system: System) -> None:
    """A transaction of others holds them: what is sent waits to be written, hearts beat on beside it.

    The pool has room for them: no worker fences itself. Nothing is accepted, callbacks get 503.
    """
    shop = Shop(system)
    shop.open()
    shop.show_a_code()
    with system.locked("trade"):
        committed = system.committed(Kind.PAY)
        shop.ask(100)
        shop.let_customer_pay()
        system.until(lambda: len(shop.callback_answers) > 0)
        assert shop.callback_answers == [503]
        assert system.committed(Kind.PAY) == committed
        assert all(system.is_ready(service) for service in ALL)
    shop.close()
    assert shop.callback_answers[-1] == 200
    assert not any("beat_lost" in system.process(service).log for service in WORKERS)
    assert system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)


def test_somebody_locks_the_heartbeats(system: System) -> None:
    """Who cannot say that he lives stops sending, though all else of the ledger is there; then goes on."""
    shop = Shop(system)
    shop.open()
    with system.locked("worker"):
        for service in WORKERS:
            system.process(service).await_log('"may_send":false')
        shop.ask(100)
        system.until(lambda: system.count("operation") == shop.asked.total())
        assert not system.effects("charge")
    shop.close()
    assert system.count("worker WHERE dead_at IS NOT NULL") == 0
    assert system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)
