"""The rights that the chart asks Strimzi for, given to users of a real Kafka: enough, and no more."""

from collections.abc import Iterator, Mapping
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AclOperation, ResourcePatternType, ResourceType
import pytest
from tests.deploy.chart import SANDBOX, of_kind, render
from tests.deploy.test_kafka import STRIMZI
from tests.e2e.system import MERCHANT, System, barcode, cancel, refund
from tests.kafka.apache import ApacheKafka
from tests.kafka.secured import SecuredKafka

from paybus.trades.operation import Kind

PREFIX = "rights"
PASSWORD = "made-up-for-these-rights"
SERVICES = ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
VALUES = STRIMZI | {"toolbox": {"enabled": True}}
COMMAND_SECONDS = 120.0  # as long as `--wait` waits


def users() -> Mapping[str, Any]:
    """Give the KafkaUser of each component."""
    kafka = {**VALUES["kafka"], "topicPrefix": PREFIX}
    return of_kind(render(SANDBOX, VALUES | {"kafka": kafka}), "KafkaUser")


def name_of(component: str) -> str:
    """Give the name of its user."""
    return str(users()[component]["metadata"]["name"])


@pytest.fixture
def broker(kafka: ApacheKafka, tmp_path: Path) -> Iterator[SecuredKafka]:
    """Give a broker that knows every user of the chart, each with the rights of its own."""
    passwords = {user["metadata"]["name"]: PASSWORD for user in users().values()}
    with SecuredKafka(tmp_path / "kafka", passwords=passwords) as started:
        for user in users().values():
            rights = {
                (ResourceType[acl["resource"]["type"].upper()], acl["resource"]["name"]): {
                    AclOperation[operation.upper()] for operation in acl["operations"]
                }
                for acl in user["spec"]["authorization"]["acls"]
            }
            started.allow(user["metadata"]["name"], rights, pattern=ResourcePatternType.LITERAL)
        yield started


@pytest.fixture
def own_system(broker: SecuredKafka, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system on it; the test itself comes over the plain listener, where it may do anything."""
    made = System(tmp_path, bootstrap=broker.bootstrap, prefix=PREFIX, database_url=database_url)
    broker.create_topics(dict.fromkeys(made.topics.all(), 2))
    yield made
    made.stop()


def proof(broker: SecuredKafka, component: str) -> dict[str, object]:
    """Give the settings with which a component proves who it is."""
    return {
        "kafka_bootstrap": broker.with_password,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_username": name_of(component),
        "kafka_sasl_password": PASSWORD,
        "kafka_ca_file": broker.authority.file,
    }


def paybus(system: System, broker: SecuredKafka, component: str, *arguments: str) -> str:
    """Run a command of the command line as a component of the chart, and give what it printed."""
    settings = {f"PAYBUS_{name.upper()}": str(value) for name, value in proof(broker, component).items()}
    environment = {
        **os.environ,
        **settings,
        "PAYBUS_TOPIC_PREFIX": PREFIX,
        "PAYBUS_MERCHANTS_DIRECTORY": str(system.merchants),
        "PAYBUS_DATABASE_URL": system.database_url,
    }
    command = [sys.executable, "-m", "paybus.cli", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(broker: SecuredKafka, component: str, topic: str) -> bool:
    """Say whether the broker refuses to let a component write to *topic*."""
    told: list[KafkaError | None] = []
    producer = Producer(
        {
            "bootstrap.servers": broker.with_password,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": name_of(component),
            "sasl.password": PASSWORD,
            "ssl.ca.location": str(broker.authority.file),
            "message.timeout.ms": 20_000,
            "log_level": 0,
        }
    )
    producer.produce(topic, b"forged", on_delivery=lambda error, _message: told.append(error))
    producer.flush(30)
    (error,) = told
    return error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.e2e
def test_every_service_works_with_the_rights_of_its_own_user(
    broker: SecuredKafka, own_system: System
) -> None:
    """Pay, refund, cancel, a dead letter, events, figures; then the chart's test and an operator's hands."""
    system = own_system
    system.start_sandbox()
    for service in SERVICES:
        system.start(service, **proof(broker, service))
    system.send(Kind.PAY, [barcode(1, amount_fen=500), barcode(2)])
    system.send(Kind.REFUND, [refund("C00001", 1, 200)])
    system.send(Kind.CANCEL, [cancel("C00002")])
    for kind in Kind:
        system.send_raw(system.topics.commands(kind), [(b"C00003", b"no command")])
    system.await_answers(4)
    for kind in Kind:
        letters = system.topics.dead_letters(kind)
        assert len(system.records(letters, until=bool)) == 1
        labels = f'reason="not_json",topic="{system.topics.commands(kind)}"'
        sample = f"paybus_dead_letters_total{{{labels}}}"
        system.until(lambda sample=sample: system.metric("exporter", sample) == 1)  # type: ignore[misc]
        system.until(lambda kind=kind: system.committed(kind) >= 2)  # type: ignore[misc]
    assert len(system.records(system.topics.gateway_calls, until=lambda seen: len(seen) >= 4)) >= 4
    for service in SERVICES:
        system.until(lambda service=service: system.is_ready(service))  # type: ignore[misc]
    pay = ("pay", "--method", "barcode", "--amount-fen", "100", "--auth-code", "280000000000000001", "--wait")
    assert "trade.paid" in paybus(system, broker, "test", *pay, "--merchant-id", MERCHANT)
    assert "trade.paid" in paybus(system, broker, "toolbox", *pay)
    assert system.topics.dead_letters(Kind.PAY) in paybus(system, broker, "toolbox", "dlq", "list")
    assert set(system.stop().values()) == {0}


def test_nobody_but_the_notifier_can_write_events(broker: SecuredKafka, own_system: System) -> None:
    """The broker itself refuses: a worker, the exporter, the test or an operator cannot forge one."""
    topics = own_system.topics
    writers = {name for name in users() if not refused(broker, name, topics.trade_events)}
    assert writers == {"notifier"}
    assert refused(broker, "refund", topics.commands(Kind.PAY))
    assert refused(broker, "pay", topics.dead_letters(Kind.REFUND))
    assert refused(broker, "exporter", topics.gateway_calls)
    assert not refused(broker, "toolbox", topics.commands(Kind.PAY))
