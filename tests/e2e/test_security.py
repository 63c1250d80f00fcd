"""Every service on a Kafka that asks who it is: by a password over TLS, or by a certificate."""

from collections.abc import Iterator
from pathlib import Path
import urllib.error
import urllib.request

from confluent_kafka.admin import AclOperation, ResourceType
import pytest
from tests.e2e.system import System, barcode, refund
from tests.kafka.apache import ApacheKafka
from tests.kafka.secured import SecuredKafka

from paybus.trades.operation import Kind

PREFIX = "secured"
PASSWORD = "made-up-for-this-test"
SERVICES = ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
WORKER = {AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE}


@pytest.fixture
def secured(kafka: ApacheKafka, tmp_path: Path) -> Iterator[SecuredKafka]:
    """Give a broker that knows `paybus` by its password and everybody by certificate; no more than asked."""
    with SecuredKafka(tmp_path / "kafka", passwords={"paybus": PASSWORD}) as broker:
        yield broker


@pytest.fixture
def secured_system(secured: SecuredKafka, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system on it, of which nothing runs yet; the test itself comes over the plain listener."""
    made = System(tmp_path, bootstrap=secured.bootstrap, prefix=PREFIX, database_url=database_url)
    secured.create_topics(dict.fromkeys(made.topics.all(), 2))
    yield made
    made.stop()


def answers(url: str) -> bool:
    """Say whether *url* answers 200."""
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except urllib.error.HTTPError:
        return False
    return True


def proof(secured: SecuredKafka, manner: str) -> dict[str, object]:
    """Give the settings with which a service proves who it is."""
    if manner == "password":
        return {
            "kafka_bootstrap": secured.with_password,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_username": "paybus",
            "kafka_sasl_password": PASSWORD,
            "kafka_ca_file": secured.authority.file,
        }
    certificate, key = secured.authority.issue("paybus")
    return {
        "kafka_bootstrap": secured.with_certificate,
        "kafka_security_protocol": "SSL",
        "kafka_ca_file": secured.authority.file,
        "kafka_certificate_file": certificate,
        "kafka_key_file": key,
    }


@pytest.mark.e2e
@pytest.mark.parametrize(("manner", "user"), [("password", "paybus"), ("certificate", "CN=paybus")])
def test_a_payment_and_its_refund_on_a_broker_that_asks_who_one_is(
    secured: SecuredKafka, secured_system: System, manner: str, user: str
) -> None:
    """With rights on Paybus's own topics and groups and nothing else, everything works."""
    system = secured_system
    secured.allow(user, {(ResourceType.TOPIC, PREFIX): WORKER, (ResourceType.GROUP, PREFIX): WORKER})
    system.start_sandbox()
    settings = proof(secured, manner)
    for service in SERVICES:
        system.start(service, **settings)
    system.send(Kind.PAY, [barcode(1, amount_fen=500)])
    system.send(Kind.REFUND, [refund("C00001", 1, 200)])
    system.await_answers(2)
    assert system.effects("charge") == {"C00001": 1}
    assert system.effects("refund") == {"R00001": 1}
    events = system.records(system.topics.trade_events, until=lambda seen: len(seen) >= 3)
    assert {event.key() for event in events} == {b"C00001"}
    system.until(lambda: answers(system.address("exporter") + "/ready"))
    assert PASSWORD not in system.state()
    assert set(system.stop().values()) == {0}
