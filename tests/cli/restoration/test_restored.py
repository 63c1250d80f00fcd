"""`paybus ledger restored` on a real ledger and real topics: what it says, does, and refuses to do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
import json
import time
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
import psycopg
import pytest
from tests.cli.conftest import Paybus
from tests.intake.records import PAY, REFUND
from tests.kafka.apache import ApacheKafka
from tests.ledger.house import hand, pay

from paybus.cli.restoration import rewinding
from paybus.contracts.topics import Topics
from paybus.ledger.pool import open_pool
from paybus.trades.operation import Kind

PARTITIONS = 2
_numbers = count(1)


class Counter:
    """The command topics of a test, and their groups."""

    def __init__(self, kafka: ApacheKafka, prefix: str) -> None:
        self.topics = Topics(prefix)
        self._bootstrap = kafka.bootstrap
        kafka.create_topics({self.topics.commands(kind): PARTITIONS for kind in Kind})

    def sends(self, document: dict[str, Any], *, age: timedelta) -> None:
        """Put a pay on partition 1, as it was sent so long ago."""
        producer = Producer({"bootstrap.servers": self._bootstrap, "log_level": 0})
        moment = int((datetime.now(UTC) - age).timestamp() * 1000)
        producer.produce(
            self.topics.commands(Kind.PAY), json.dumps(document), key=b"A1", partition=1, timestamp=moment
        )
        assert producer.flush(60) == 0

    def commits(self, offset: int) -> None:
        """Let the group have read partition 1 so far."""
        consumer = self._group()
        topic = self.topics.commands(Kind.PAY)
        consumer.commit(offsets=[TopicPartition(topic, 1, offset)], asynchronous=False)
        consumer.close()

    def committed(self) -> int:
        """Give how far the group has read partition 1."""
        consumer = self._group()
        (place,) = consumer.committed([TopicPartition(self.topics.commands(Kind.PAY), 1)], timeout=30)
        consumer.close()
        return int(place.offset)

    @contextmanager
    def read_by_somebody(self) -> Iterator[None]:
        """Have the group have a member while the block runs."""
        consumer = self._group()
        consumer.subscribe([self.topics.commands(Kind.PAY)])
        deadline = time.monotonic() + 60
        while not consumer.assignment():
            assert time.monotonic() < deadline
            consumer.poll(0.1)
        try:
            yield
        finally:
            consumer.close()

    def _group(self) -> Consumer:
        topic = self.topics.commands(Kind.PAY)
        settings = {"bootstrap.servers": self._bootstrap, "group.id": topic, "log_level": 0}
        return Consumer({**settings, "enable.auto.commit": False})


@pytest.fixture
def counter(
    paybus: Paybus, kafka: ApacheKafka, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Counter:
    """Give topics on the session's broker; the command finds them and the ledger, and needs no merchants."""
    made = Counter(kafka, f"restored{next(_numbers)}")
    monkeypatch.setenv("PAYBUS_KAFKA_BOOTSTRAP", kafka.bootstrap)
    monkeypatch.setenv("PAYBUS_DATABASE_URL", database_url)
    monkeypatch.setenv("PAYBUS_TOPIC_PREFIX", made.topics.prefix)
    return made


def fill(url: str, *, beaten_ago: timedelta) -> None:
    """Have a pay accepted by a worker that has beaten for the last time so long ago."""

    async def accept() -> None:
        async with open_pool(url, application_name="tests") as pool:
            await (await hand(pool)).holds(pay(amount_fen=700))
            await pool.execute("UPDATE worker SET beat_at = clock_timestamp() - $1::interval", beaten_ago)

    asyncio.run(accept())


def row(url: str) -> Any:
    """Give owner and turn of the pay."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT owner IS NULL, turn FROM operation").fetchone()


def test_a_preview_says_how_much_of_what_and_does_nothing(
    paybus: Paybus, counter: Counter, database_url: str
) -> None:
    """Kinds and states with their numbers and money, and how much would be read again."""
    fill(database_url, beaten_ago=timedelta(minutes=1))
    counter.sends(PAY, age=timedelta(hours=3))
    counter.sends(REFUND, age=timedelta(minutes=5))
    counter.commits(2)
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    ended = paybus("ledger", "restored", "--since", since)
    assert (ended.code, ended.complained) == (0, "")
    first, second, pays, *_, last = ended.printed.splitlines()
    assert first == "pay ready: 1, 700 fen"
    assert second == "1 operations are asked about before anything is sent for them"
    topic = counter.topics.commands(Kind.PAY)
    assert pays == f"{topic}: 1 records are read again; those below its end (2) are asked about first"
    assert last == "nothing was done, for that say --yes"
    assert (row(database_url), counter.committed()) == ((False, 0), 2)


def test_with_yes_it_is_done_and_can_be_done_again(
    paybus: Paybus, counter: Counter, database_url: str
) -> None:
    """What is open is free, records are doubted up to their ends, and the group reads again."""
    fill(database_url, beaten_ago=timedelta(minutes=1))
    counter.sends(PAY, age=timedelta(hours=3))
    counter.sends(REFUND, age=timedelta(minutes=5))
    counter.commits(2)
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    first = paybus("ledger", "restored", "--since", since, "--yes")
    assert first.code == 0
    assert first.printed.splitlines()[-1] == "done: start the services; what is open is asked about first"
    assert (row(database_url), counter.committed()) == ((True, 1), 1)
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT until_offset FROM doubted_record WHERE topic = %s ORDER BY partition",
            [counter.topics.commands(Kind.PAY)],
        ).fetchall()
    assert found == [(0,), (2,)]
    second = paybus("ledger", "restored", "--since", since, "--yes")
    assert second.printed.splitlines()[0] == first.printed.splitlines()[0]
    assert (row(database_url)[0], counter.committed()) == (True, 1)


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_while_a_worker_lives_it_is_refused(
    paybus: Paybus, counter: Counter, database_url: str, options: tuple[str, ...]
) -> None:
    """One sentence that names the services, code 2, and nothing is touched."""
    fill(database_url, beaten_ago=timedelta())
    ended = paybus("ledger", "restored", *options)
    assert (ended.code, ended.printed) == (2, "")
    assert ended.complained.startswith("workers live in this ledger (pay): stop every service first")
    assert row(database_url) == (False, 0)


def test_topics_that_are_not_there_are_told(
    paybus: Paybus, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong prefix would doubt no record: it is refused before the ledger is touched."""
    monkeypatch.setenv("PAYBUS_TOPIC_PREFIX", f"{counter.topics.prefix}-no-such")
    ended = paybus("ledger", "restored", "--yes")
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_TOPIC_PREFIX: the broker has no topic ")


def test_while_somebody_reads_the_commands_it_is_not_set_back(
    paybus: Paybus, counter: Counter, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that goes on with the lost ledger is noticed by its group; what is doubted stays so."""
    monkeypatch.setattr(rewinding, "_MEMBERS_SECONDS", 0.0)
    fill(database_url, beaten_ago=timedelta(minutes=1))
    counter.sends(PAY, age=timedelta(minutes=5))
    counter.commits(1)
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    with counter.read_by_somebody():
        ended = paybus("ledger", "restored", "--since", since, "--yes")
    assert ended.code == 2
    assert ended.complained.startswith(f"somebody reads {counter.topics.commands(Kind.PAY)}: stop every")
    assert (row(database_url)[0], counter.committed()) == (True, 1)
