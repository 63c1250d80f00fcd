"""Kafka for tests: the real one, and the embedded one where the real one cannot run."""

from collections.abc import Iterator
from pathlib import Path
import tempfile

import pytest
from tests.kafka.apache import ApacheKafka
from tests.kafka.jars import KafkaUnavailableError, kafka_version
from tests.plugins.evidence import EVIDENCE

from paybus.runtime.embedded_broker import EmbeddedBroker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the real Kafka, so that `-m "not kafka"` leaves it out."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(scope="session")
def _kafka_or_reason(pytestconfig: pytest.Config) -> Iterator[ApacheKafka | str]:
    evidence = pytestconfig.stash[EVIDENCE]
    with tempfile.TemporaryDirectory(prefix="paybus-kafka-") as folder:
        broker = ApacheKafka(Path(folder))
        try:
            broker.start()
        except KafkaUnavailableError as error:
            evidence.absent["Apache Kafka"] = str(error)
            yield str(error)
        else:
            evidence.started("Apache Kafka", kafka_version(), {"kafka", "bootstrap"})
            yield broker
        finally:
            broker.stop()


@pytest.fixture(scope="session")
def kafka(_kafka_or_reason: ApacheKafka | str) -> ApacheKafka:
    """Give the session's real Apache Kafka; the test is skipped with the reason where there is none."""
    if isinstance(_kafka_or_reason, str):
        pytest.skip(f"no Apache Kafka: {_kafka_or_reason}")
    return _kafka_or_reason


@pytest.fixture(scope="session")
def bootstrap(_kafka_or_reason: ApacheKafka | str) -> Iterator[str]:
    """Give a broker's address: the real one where possible, else the embedded one.

    A topic appears on its first use, with 4 partitions, on either of them.
    """
    if isinstance(_kafka_or_reason, ApacheKafka):
        yield _kafka_or_reason.bootstrap
        return
    with EmbeddedBroker({}) as broker:
        yield broker.bootstrap
