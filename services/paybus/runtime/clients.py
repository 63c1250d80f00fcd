"""One gateway client for each merchant, remade when his file changes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import httpx

from paybus.execution.breaker import BreakerRules
from paybus.gateway.client import GatewayClient
from paybus.gateway.exchange import Timeouts
from paybus.gateway.merchant import Merchant
from paybus.runtime.settings import WorkerSettings

MakeClient = Callable[[Merchant], GatewayClient]


class Clients(Mapping[str, GatewayClient]):
    """Clients by merchant id, for exactly those who are in *merchants* now.

    A call that is under way ends with the client it began with; they share one engine.
    """

    def __init__(self, merchants: Mapping[str, Merchant], make: MakeClient) -> None:
        self._merchants = merchants
        self._make = make
        self._made: dict[str, tuple[Merchant, GatewayClient]] = {}

    def __getitem__(self, merchant_id: str) -> GatewayClient:
        merchant = self._merchants[merchant_id]
        made_for, client = self._made.get(merchant_id, (None, None))
        if client is None or made_for is not merchant:
            client = self._make(merchant)
            self._made[merchant_id] = merchant, client
        return client

    def __iter__(self) -> Iterator[str]:
        return iter(self._merchants)

    def __len__(self) -> int:
        return len(self._merchants)


def make_client(
    merchant: Merchant, engine: httpx.AsyncBaseTransport, settings: WorkerSettings
) -> GatewayClient:
    """Make the client of *merchant*, whom the gateway calls back at our notifier unless he says otherwise."""
    if merchant.notify_url is None and settings.notify_base_url is not None:
        notify_url = f"{settings.notify_base_url}/callbacks/{merchant.merchant_id}?_type=json"
        merchant = replace(merchant, notify_url=notify_url)
    timeouts = Timeouts(
        connect_seconds=settings.gateway_connect_seconds,
        pay_seconds=settings.gateway_pay_seconds,
        other_seconds=settings.gateway_other_seconds,
    )
    return GatewayClient(merchant, engine, timeouts=timeouts)


def breaker_rules(settings: WorkerSettings) -> BreakerRules:
    """Say when a gateway is left alone."""
    longest_seconds = settings.breaker_longest_seconds
    return BreakerRules(
        failures=settings.breaker_failures,
        first_pause_seconds=min(BreakerRules().first_pause_seconds, longest_seconds),
        longest_pause_seconds=longest_seconds,
    )
