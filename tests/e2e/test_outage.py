"""The ledger goes away under load, and comes back: nobody dies, nothing is lost, nothing is done twice."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.conftest import PARTITIONS
from tests.e2e.system import System, barcode
from tests.kafka.apache import ApacheKafka

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind

COMMANDS = 400


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Give a server of the test's own, to be killed."""
    with EmbeddedPostgres(tmp_path / "postgres", fsync=False) as server:
        yield server


@pytest.mark.e2e
@pytest.mark.postgres
def test_the_ledger_is_killed_under_load(
    kafka: ApacheKafka, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Killed with -9 and away for longer than a lease: the worker waits, and goes on when it is back.

    It was its own lease that ran out, not somebody else's life: it must not take itself for dead.
    """
    url = postgres.create_database("ledger")
    migrate(url)
    system = System(tmp_path, bootstrap=kafka.bootstrap, prefix="outage", database_url=url)
    kafka.create_topics(dict.fromkeys(system.topics.all(), PARTITIONS))
    with ExitStack() as stack:
        stack.callback(system.stop)
        system.start_sandbox(latency_ms=100)
        worker = system.start("pay", in_flight=20)
        system.send(Kind.PAY, map(barcode, range(COMMANDS)))
        system.await_answers(COMMANDS // 4)
        postgres.kill()
        worker.await_log('"may_send":false')
        charged = system.effects("charge").total()
        postgres.start()
        system.await_answers(COMMANDS)
        charges = system.effects("charge")
        assert charged < COMMANDS
        assert (len(charges), max(charges.values())) == (COMMANDS, 1)
        assert system.count("worker WHERE dead_at IS NOT NULL") == 0
        assert system.stop()["pay"] == 0
