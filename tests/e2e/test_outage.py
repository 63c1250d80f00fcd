"""The ledger goes away under load, and comes back: nobody dies, nothing is lost, nothing is done twice."""

from tests.e2e.shop import ALL, WORKERS, Shop
from tests.e2e.system import System

from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind


def test_the_ledger_is_killed_under_load(lone_system: System, postgres: EmbeddedPostgres) -> None:
    """Killed with -9 and away for longer than a lease: every service waits, and goes on when it is back.

    It was the workers' own leases that ran out, not somebody else's life: none may take itself for dead.
    """
    shop = Shop(lone_system)
    shop.open()
    shop.ask(200)
    lone_system.await_answers(shop.asked.total() // 4)
    postgres.kill()
    for service in WORKERS:
        lone_system.process(service).await_log('"may_send":false')
    charged = lone_system.effects("charge").total()
    postgres.start()
    shop.close()
    assert charged < shop.asked[Kind.PAY]
    assert lone_system.count("worker WHERE dead_at IS NOT NULL") == 0
    assert lone_system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)
