"""Kafka goes away under load, alone or with the ledger, and comes back: nobody dies, nothing is lost."""

from tests.e2e.shop import ALL, WORKERS, Shop
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka

from paybus.runtime.embedded_postgres import EmbeddedPostgres


def test_the_broker_is_killed_under_load(system: System, kafka: ApacheKafka) -> None:
    """Killed with -9: what is in the ledger is carried out, its events wait, and then the rest is read."""
    shop = Shop(system)
    shop.open()
    shop.ask(200)
    system.await_answers(shop.asked.total() // 4)
    kafka.kill()
    try:
        answered = system.answered
        system.until(lambda: system.answered > answered and system.count("outbox") > 0)
    finally:
        kafka.start()
    shop.ask(40)
    shop.close()
    assert system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)


def test_the_ledger_and_the_broker_are_killed_at_once(
    lone_system: System, kafka: ApacheKafka, postgres: EmbeddedPostgres
) -> None:
    """Both killed with -9 under load: every worker stops sending, and all of them go on by themselves."""
    shop = Shop(lone_system)
    shop.open()
    shop.ask(200)
    lone_system.await_answers(shop.asked.total() // 4)
    postgres.kill()
    kafka.kill()
    try:
        for service in WORKERS:
            lone_system.process(service).await_log('"may_send":false')
    finally:
        kafka.start()
    postgres.start()
    shop.ask(40)
    shop.close()
    assert lone_system.stop() == dict.fromkeys([*reversed(ALL), "sandbox"], 0)
