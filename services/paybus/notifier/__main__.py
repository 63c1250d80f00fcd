"""`python -m paybus.notifier`."""

from collections.abc import Mapping
from functools import partial

from paybus.contracts.topics import Topics
from paybus.gateway.merchant import Merchant
from paybus.ledger.callback import receive
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.pool import open_pool
from paybus.notifier.discrepancy import DiscrepancyCount
from paybus.notifier.receiver import PREFIX, Receiver
from paybus.notifier.relay import Relay, open_outbox
from paybus.runtime.health import Check, by_prefix, health_app
from paybus.runtime.kafka import open_producer
from paybus.runtime.service import Service, run
from paybus.runtime.settings import MerchantSettings, load_settings, read_merchants
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.notifier import CallbackMetrics, DiscrepancyMetrics
from paybus.telemetry.metrics.registry import new_registry

NAME = "paybus-notifier"


def serve() -> None:
    """Run the notifier until it is stopped; exits the process."""
    settings = load_settings(MerchantSettings)
    merchants = read_merchants(settings)

    async def main(service: Service, settings: MerchantSettings) -> None:
        await start(service, settings, merchants)
        await service.until_stopped()

    run("notifier", main, settings)


async def start(service: Service, settings: MerchantSettings, merchants: Mapping[str, Merchant]) -> None:
    """Start the parts from the inside out, so that stopping begins with what comes in."""
    url = settings.database_url.get_secret_value()
    registry = new_registry("notifier")
    pool = await service.enter(open_pool(url, application_name=NAME))
    relay = Relay(
        partial(open_outbox, url),
        partial(open_producer, settings.brokers, client_id=NAME),
        Topics(settings.topic_prefix).trade_events,
        on_published=DiscrepancyCount(DiscrepancyMetrics(registry)).count,
    )
    service.watch("relay", relay.run(), stop=relay.stop)
    store = GroupCommit(partial(receive, pool)).submit
    receiver = Receiver(merchants, store, CallbackMetrics(registry))
    health = health_app(
        service,
        registry,
        Check("ledger", lambda: pool.fetchval("SELECT 1")),
        Check("broker", relay.check),
    )
    await service.enter(web_server(by_prefix({PREFIX: receiver}, health), settings))


if __name__ == "__main__":
    serve()
