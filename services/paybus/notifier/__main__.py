"""`python -m paybus.notifier`."""

from functools import partial

from paybus.contracts.topics import Topics
from paybus.ledger.pool import open_pool
from paybus.notifier.relay import Relay, open_outbox
from paybus.runtime.health import Check, health_app
from paybus.runtime.kafka import open_producer
from paybus.runtime.service import Service, run
from paybus.runtime.settings import MerchantSettings, load_settings
from paybus.runtime.web_server import web_server
from paybus.telemetry.metric import new_registry

NAME = "paybus-notifier"


async def main(service: Service, settings: MerchantSettings) -> None:
    """Start the parts from the inside out, so that stopping begins with what comes in."""
    url = settings.database_url.get_secret_value()
    pool = await service.enter(open_pool(url, application_name=NAME))
    relay = Relay(
        partial(open_outbox, url),
        partial(open_producer, settings.kafka_bootstrap, client_id=NAME),
        Topics(settings.topic_prefix).trade_events,
    )
    service.watch("relay", relay.run(), stop=relay.stop)
    health = health_app(
        service,
        new_registry("notifier"),
        Check("ledger", lambda: pool.fetchval("SELECT 1")),
        Check("broker", relay.check),
    )
    await service.enter(web_server(health, settings))
    await service.until_stopped()


if __name__ == "__main__":
    run("notifier", main, load_settings(MerchantSettings))
