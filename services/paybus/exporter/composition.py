"""The composition of the exporter: three sources, each read at its own pace, and the page that shows them."""

from functools import partial

from paybus.contracts.topics import Topics
from paybus.exporter.answer_count import AnswerCount
from paybus.exporter.lag_reader import LagReader
from paybus.exporter.ledger_reader import LedgerReader
from paybus.exporter.record_reader import RecordReader
from paybus.exporter.settings import ExporterSettings
from paybus.exporter.source import Source
from paybus.exporter.tally import Tally
from paybus.runtime.health import Check, health_app
from paybus.runtime.service import Service
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.telemetry.metrics.ledger import CommandMetrics, LedgerMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.registry import new_registry

EVERY_SECONDS = 5.0
"""Between looks: Prometheus asks every 15 s or so, and a look costs the ledger and Kafka milliseconds."""


async def main(service: Service, settings: ExporterSettings) -> None:
    """Run until it is stopped."""
    await start(service, settings)
    await service.until_stopped()


async def start(service: Service, settings: ExporterSettings, *, every_seconds: float = EVERY_SECONDS) -> int:
    """Start the parts and give the HTTP port; the ledger and the brokers may come later."""
    registry, groups = new_registry("exporter"), MerchantGroups(settings.merchant_groups)
    broker = BrokerMetrics(registry, Topics(settings.topic_prefix))
    tally = Tally(Topics(settings.topic_prefix), GatewayMetrics(registry, groups), broker)
    book = LedgerMetrics(registry, groups)
    answers = AnswerCount(CommandMetrics(registry, groups))
    new_source = partial(Source, every_seconds=every_seconds)
    records = new_source("records", broker.read_timestamp_seconds.of("records"))
    lag = new_source("lag", broker.read_timestamp_seconds.of("lag"))
    ledger = new_source("ledger", book.read_timestamp_seconds)
    readers = (
        (records, _record_reader(settings, tally, source=records).read_on),
        (lag, _lag_reader(settings, broker, source=lag).read_on),
        (ledger, _ledger_reader(settings, book, answers, source=ledger).read_on),
    )
    checks = [Check(source.name, source.was_read) for source, _ in readers]
    port = await service.enter(web_server(health_app(service, registry, *checks), settings))
    for source, read_on in readers:
        service.watch(source.name, source.keep_reading(read_on))
    return port


def _record_reader(settings: ExporterSettings, tally: Tally, *, source: Source) -> RecordReader:
    group = f"{settings.topic_prefix}.exporter"
    return RecordReader(settings.brokers, group, tally=tally, source=source)


def _lag_reader(settings: ExporterSettings, broker: BrokerMetrics, *, source: Source) -> LagReader:
    return LagReader(settings.brokers, Topics(settings.topic_prefix), broker, source=source)


def _ledger_reader(
    settings: ExporterSettings, book: LedgerMetrics, answers: AnswerCount, *, source: Source
) -> LedgerReader:
    return LedgerReader(settings.database_url.get_secret_value(), book, answers, source=source)
