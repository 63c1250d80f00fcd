"""The recorded callbacks, posted over real HTTP: the genuine ones are accepted, all others refused."""

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
from prometheus_client import CollectorRegistry
import pytest
from tests.notifier.house import OURS, Receiving, listening
from tests.vectors.conftest import load

from paybus.gateway.callback import OutgoingCallback
from paybus.ledger.callback import Delivery
from paybus.notifier.receiver import Receiver
from paybus.telemetry.metrics.notifier import CallbackMetrics
from paybus.trades.notice import Receipt

Vector = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each recorded callback."""
    loaded = load(metafunc.config)
    vectors = loaded["callbacks"]
    metafunc.parametrize("vector", vectors, ids=[vector["id"] for vector in vectors])
    metafunc.parametrize("merchant_id", [loaded["merchant_id"]], ids=[""])


@dataclass
class Shelf:
    """Where deliveries are put instead of into a ledger."""

    deliveries: list[Delivery] = field(default_factory=list)

    async def store(self, delivery: Delivery) -> Receipt:
        """Take a delivery."""
        self.deliveries.append(delivery)
        return Receipt.APPLIED


@pytest.fixture
def shelf() -> Shelf:
    """Give an empty shelf."""
    return Shelf()


@pytest.fixture
async def receiver(shelf: Shelf, vector: Vector, merchant_id: str) -> AsyncIterator[Receiving]:
    """Give a receiver that knows the merchant of the file by the key of the vector."""
    registry = CollectorRegistry()
    merchant = replace(OURS, merchant_id=merchant_id, key=vector["key"])
    app = Receiver({merchant_id: merchant}, shelf.store, CallbackMetrics(registry))
    async with listening(app) as port, httpx.AsyncClient(trust_env=False) as speaker:
        yield Receiving(port, speaker, registry, stop=speaker.aclose)


async def test_recorded_callback(receiver: Receiving, shelf: Shelf, vector: Vector, merchant_id: str) -> None:
    """A genuine one is delivered with the expected facts and answered with SUCCESS; others leave nothing."""
    raw = b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()
    query = urlsplit(vector["path_and_query"]).query
    sent = OutgoingCallback(f"http://x/?{query}", {"Content-Type": vector["content_type"]}, raw)

    answer = await receiver.post(sent, merchant_id)

    expected = vector["expect"].get("fields")
    if expected is None:
        assert 400 <= answer.status_code < 500
        assert shelf.deliveries == []
        assert receiver.verdicts() == {"refused": 1}
        return
    assert (answer.status_code, answer.text) == (200, "SUCCESS")
    (delivery,) = shelf.deliveries
    assert delivery.place == (expected["BUSI_ID"], expected["CHARGE_CODE"].replace(" ", ""))
    assert delivery.facts.gateway_state == expected["STATE"]
    assert delivery.facts.amount_fen == expected["amount_fen"]
    assert delivery.facts.down_code == expected["CHARGE_DOWN_CODE"]
