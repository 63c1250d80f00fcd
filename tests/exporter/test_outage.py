"""When the ledger or the brokers are away the exporter stays, with the figures it has."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal

from aiokafka import AIOKafkaProducer
import psycopg
from psycopg import sql
from pydantic import SecretStr
import pytest
from structlog.testing import capture_logs
from tests.exporter.figures import PATIENCE_SECONDS, Page, exporting
from tests.exporter.test_records import CODES, call
from tests.kafka.apache import ApacheKafka, free_port
from tests.ledger.house import paid

from paybus.contracts.topics import Topics
from paybus.exporter import cluster, record_reader
from paybus.exporter.settings import ExporterSettings
from paybus.ledger.pool import open_pool
from paybus.runtime.embedded_broker import EmbeddedBroker
from paybus.runtime.embedded_postgres import EmbeddedPostgres

ENDED = "paybus_commands_total"
LEDGER_READ_AT = "paybus_ledger_read_timestamp_seconds"
BROKER_READ_AT = "paybus_broker_read_timestamp_seconds"

Log = list[dict[str, str]]


@pytest.fixture
def log() -> Iterator[Log]:
    """Give what was logged."""
    with capture_logs() as entries:
        yield entries


async def until_logged(log: Log, event: str, *sources: str) -> None:
    """Return when *event* has been logged of each source."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not set(sources) <= {entry["source"] for entry in log if entry["event"] == event}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # a log has no event to wait for


async def reasons(page: Page) -> dict[str, str]:
    """Give why it is not ready, having seen that it lives."""
    assert (await page.client.get("/live")).status_code == 200
    answer: dict[str, str] = (await page.client.get("/ready")).json().get("reasons", {})
    return answer


@asynccontextmanager
async def shut(postgres_server: EmbeddedPostgres, database_url: str) -> AsyncIterator[None]:
    """Keep everybody out of the test's database while the block runs."""
    with psycopg.connect(database_url) as connection:
        name = connection.info.dbname
    with psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


async def test_without_the_ledger_the_last_figures_stand_and_say_how_old_they_are(
    settings: ExporterSettings, postgres_server: EmbeddedPostgres, log: Log
) -> None:
    """It is said once, `/metrics` goes on, and after the outage every answer has been counted once."""
    url = settings.database_url.get_secret_value()
    async with exporting(settings) as page:
        async with open_pool(url, application_name="tests") as pool:
            await paid(pool, "C1", "C2")
            await page.until(lambda figures: figures.series(ENDED) == {("pay", "executed"): 2})
            await paid(pool, "C3")
        async with shut(postgres_server, url):
            await until_logged(log, "exporter.source_is_away", "ledger")
            before = await page.scrape()
            kafka_read_at = before(BROKER_READ_AT, subject="records")
            after = await page.until(lambda one: one(BROKER_READ_AT, subject="records") > kafka_read_at)
            assert after.series(ENDED) == before.series(ENDED)
            assert after(LEDGER_READ_AT) == before(LEDGER_READ_AT)
            assert await reasons(page) == {}
        await until_logged(log, "exporter.source_is_back", "ledger")
        await page.until(lambda figures: figures(ENDED, kind="pay", result="executed") >= 3)
        figures = await page.after_another_look()
    assert figures.series(ENDED) == {("pay", "executed"): 3}
    away = [entry for entry in log if entry["event"] == "exporter.source_is_away"]
    assert len({(entry["source"], entry["error"]) for entry in away}) == len(away)


async def test_a_ledger_that_is_not_there_at_the_start_is_waited_for(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer, postgres_server: EmbeddedPostgres
) -> None:
    """Kafka's figures are served all the same; `/ready` names what has never been read."""
    url = settings.database_url.get_secret_value()
    async with shut(postgres_server, url), exporting(settings, ready=False) as page:
        await producer.send_and_wait(topics.gateway_calls, call())
        await page.until(lambda figures: figures.series(CODES) and len(figures.series(BROKER_READ_AT)) == 2)
        assert (await page.scrape())(LEDGER_READ_AT) == 0
        assert await reasons(page) == {"ledger": "NotReadYetError"}


async def test_brokers_that_are_not_there_at_the_start_are_waited_for(database_url: str, log: Log) -> None:
    """The ledger's figures are served all the same; `/ready` names what has never been read."""
    settings = ExporterSettings(
        database_url=SecretStr(database_url), kafka_bootstrap=f"127.0.0.1:{free_port()}"
    )
    async with (
        exporting(settings, ready=False) as page,
        open_pool(database_url, application_name="tests") as pool,
    ):
        await page.until(lambda figures: figures(LEDGER_READ_AT))
        await paid(pool, "C1")
        figures = await page.until(lambda figures: figures.series(ENDED))
        assert figures.series(BROKER_READ_AT) == {}
        assert await reasons(page) == {"records": "NotReadYetError", "lag": "NotReadYetError"}
        await until_logged(log, "exporter.source_is_away", "records", "lag")


async def test_a_broker_that_went_leaves_its_last_figures(
    database_url: str, topics: Topics, log: Log
) -> None:
    """The counts stand and say how old they are; the exporter goes on with the ledger, and stops in order."""
    with EmbeddedBroker(dict.fromkeys(topics.all(), 2)) as broker:
        settings = ExporterSettings(
            database_url=SecretStr(database_url), kafka_bootstrap=broker.bootstrap, topic_prefix=topics.prefix
        )
        async with exporting(settings) as page:
            await send(broker.bootstrap, topics, 3)
            await page.until(lambda figures: figures.series(CODES) == {("pay", "SUCCESS"): 3})
            await asyncio.to_thread(broker.stop)
            await until_logged(log, "exporter.source_is_away", "records", "lag")
            before = await page.scrape()
            after = await page.until(lambda figures: figures(LEDGER_READ_AT) > before(LEDGER_READ_AT))
            assert after.series(CODES) == {("pay", "SUCCESS"): 3}
            assert after.series(BROKER_READ_AT) == before.series(BROKER_READ_AT)
            assert await reasons(page) == {}


async def test_a_broker_that_answers_nothing_is_an_outage_too(
    database_url: str, topics: Topics, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noticed, waited out, and what came before and after is counted once."""
    monkeypatch.setattr(cluster, "REQUEST_MS", 2_000)
    monkeypatch.setattr(record_reader, "COMMIT_SECONDS", 1.0)
    with EmbeddedBroker(dict.fromkeys(topics.all(), 2)) as broker:
        settings = ExporterSettings(
            database_url=SecretStr(database_url), kafka_bootstrap=broker.bootstrap, topic_prefix=topics.prefix
        )
        async with exporting(settings) as page:
            await send(broker.bootstrap, topics, 3)
            await page.until(lambda figures: figures.series(CODES) == {("pay", "SUCCESS"): 3})
            os.kill(broker.pid, signal.SIGSTOP)
            try:
                await until_logged(log, "exporter.source_is_away", "records", "lag")
                assert (await page.scrape()).series(CODES) == {("pay", "SUCCESS"): 3}
            finally:
                os.kill(broker.pid, signal.SIGCONT)
            await until_logged(log, "exporter.source_is_back", "records", "lag")
            await send(broker.bootstrap, topics, 2)
            await page.until(lambda figures: sum(figures.series(CODES).values()) >= 5)
            figures = await page.after_another_look()
    assert figures.series(CODES) == {("pay", "SUCCESS"): 5}


async def test_over_a_brokers_kill_and_start_every_record_is_counted_once(
    kafka: ApacheKafka, tmp_path: Path, database_url: str, topics: Topics, log: Log
) -> None:
    """Real Apache Kafka, kill -9 and a start on its data: the reader goes on from what it had counted."""
    with ApacheKafka(tmp_path / "kafka") as broker:
        broker.create_topics(dict.fromkeys(topics.all(), 2))
        settings = ExporterSettings(
            database_url=SecretStr(database_url), kafka_bootstrap=broker.bootstrap, topic_prefix=topics.prefix
        )
        async with exporting(settings) as page:
            await send(broker.bootstrap, topics, 4)
            await page.until(lambda figures: figures.series(CODES) == {("pay", "SUCCESS"): 4})
            await asyncio.to_thread(broker.kill)
            await until_logged(log, "exporter.source_is_away", "records", "lag")
            await asyncio.to_thread(broker.start)
            await until_logged(log, "exporter.source_is_back", "records", "lag")
            await send(broker.bootstrap, topics, 3)
            await page.until(lambda figures: sum(figures.series(CODES).values()) >= 7)
            figures = await page.after_another_look()
    assert figures.series(CODES) == {("pay", "SUCCESS"): 7}


async def send(bootstrap: str, topics: Topics, number: int) -> None:
    """Send so many calls, over all partitions."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        for key in range(number):
            await producer.send_and_wait(topics.gateway_calls, call(), key=b"%d" % key)
