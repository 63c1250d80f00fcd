"""A client speaks for the merchant as he is now."""

from dataclasses import replace

import httpx

from paybus.gateway.client import GatewayClient
from paybus.gateway.merchant import Merchant
from paybus.runtime.clients import Clients, make_client
from paybus.runtime.settings import WorkerSettings

MERCHANT = Merchant(
    merchant_id="1", key="KEY-A-OF-A-TEST", base_url="http://127.0.0.1:1/", oper_id="o", dev_id="d"
)
ENGINE = httpx.MockTransport(lambda _request: httpx.Response(204))


def clients_of(merchants: dict[str, Merchant]) -> Clients:
    """Make clients without settings."""
    return Clients(merchants, lambda merchant: GatewayClient(merchant, ENGINE))


def test_a_client_is_made_once_and_remade_when_the_merchant_changed() -> None:
    """The next look-up has the new key; whoever has the old client goes on with it."""
    merchants = {"1": MERCHANT}
    clients = clients_of(merchants)
    first = clients["1"]
    assert clients["1"] is first
    merchants["1"] = replace(MERCHANT, key="KEY-B-OF-A-TEST")
    assert clients["1"].merchant.key == "KEY-B-OF-A-TEST"
    assert clients["1"] is clients["1"]
    assert first.merchant.key == "KEY-A-OF-A-TEST"


def test_a_client_goes_with_its_merchant() -> None:
    """Nothing more is sent with the key of a merchant who was taken out."""
    merchants = {"1": MERCHANT}
    clients = clients_of(merchants)
    assert (clients["1"].merchant, list(clients), len(clients)) == (MERCHANT, ["1"], 1)
    del merchants["1"]
    assert clients.get("1") is None
    assert list(clients) == []


def test_a_merchant_without_an_address_is_called_back_at_the_notifier() -> None:
    """His own address counts if he has one; without either there are no callbacks."""
    settings = WorkerSettings(
        database_url="postgresql://paybus@db/paybus",
        kafka_bootstrap="kafka:9092",
        merchants_directory="/merchants",
        notify_base_url="http://notifier",
    )
    own = replace(MERCHANT, notify_url="http://own/")
    assert make_client(MERCHANT, ENGINE, settings).merchant.notify_url == (
        "http://notifier/callbacks/1?_type=json"
    )
    assert make_client(own, ENGINE, settings).merchant is own
    nowhere = settings.model_copy(update={"notify_base_url": None})
    assert make_client(MERCHANT, ENGINE, nowhere).merchant is MERCHANT
