"""Callbacks as the gateway sends them, and the receiver they go to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp
from tests.notifier.books import AMOUNT, MERCHANT

from paybus.gateway.callback import OutgoingCallback, write_callback
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import sign
from paybus.ledger.callback import receive
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.pool import Pool
from paybus.notifier.receiver import Receiver
from paybus.runtime.settings import Settings
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.notifier import CallbackMetrics

OURS = Merchant(
    merchant_id=MERCHANT,
    key="TESTKEY0123456789ABCDEFGHIJKLMNO",
    base_url="http://127.0.0.1:1/",
    oper_id="oper01",
    dev_id="dev01",
)
OTHER = replace(OURS, merchant_id="0010000002", key="OTHERKEY0123456789ABCDEFGHIJKLMN")
MERCHANTS = {merchant.merchant_id: merchant for merchant in (OURS, OTHER)}
QUERIES = ("_type=json", "", "_type=json&encrypt=3DES", "encrypt=3DES&pid=7")
"""JSON and XML, each plain and encrypted."""


def told(
    code: str = "C1", *, query: str = "_type=json", key: str = OURS.key, at_ms: int = 1, **changed: Any
) -> OutgoingCallback:
    """Write a callback: paid, as a rule. *changed* are members, in lower case."""
    members = {
        "BUSI_ID": MERCHANT,
        "CHARGE_CODE": code,
        "CHARGE_DOWN_CODE": "D1",
        "CHARGE_THIRD_CODE": "T1",
        "CHANNEL_TYPE": 2,
        "STATE": 1,
        "AMT": AMOUNT,
        "PAY_SUBJECT": "茶 & <Tea>",
        "FUND_BILL_LIST": {"TRADEFUNDBILL": [{"AMOUNT": "158.00", "FUND_CHANNEL": "11"}]},
    }
    members |= {name.upper(): value for name, value in changed.items()}
    url = f"http://gateway.test/{'?' if query else ''}{query}"
    return write_callback(members, notify_url=url, key=key, timestamp_ms=at_ms)


def signed(text: bytes, *, key: str = OURS.key) -> OutgoingCallback:
    """Sign any text at all."""
    return OutgoingCallback(f"http://gateway.test/?sign={sign(text, key=key, timestamp_ms=1)}", {}, text)


@dataclass
class Receiving:
    """A receiver that listens."""

    port: int
    http: httpx.AsyncClient
    registry: CollectorRegistry
    stop: Callable[[], Awaitable[None]]

    async def post(self, callback: OutgoingCallback, merchant_id: str = MERCHANT) -> httpx.Response:
        """Send a callback to the address of a merchant."""
        query = urlsplit(callback.url).query
        url = f"http://127.0.0.1:{self.port}/callbacks/{merchant_id}?{query}"
        return await self.http.post(url, content=callback.body, headers=callback.headers)

    def verdicts(self) -> dict[str, int]:
        """Give what was counted, by verdict."""
        counted = (sample for metric in self.registry.collect() for sample in metric.samples)
        return {
            sample.labels["verdict"]: int(sample.value)
            for sample in counted
            if sample.name == "paybus_callbacks_total" and sample.value
        }


@asynccontextmanager
async def receiving(pool: Pool) -> AsyncIterator[Receiving]:
    """Let a receiver listen while the block runs."""
    registry = CollectorRegistry()
    app = Receiver(MERCHANTS, GroupCommit(partial(receive, pool)).submit, CallbackMetrics(registry))
    async with httpx.AsyncClient(trust_env=False, timeout=60) as speaker, AsyncExitStack() as stack:
        port = await stack.enter_async_context(listening(app))
        yield Receiving(port, speaker, registry, stack.aclose)


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """Let *app* listen while the block runs; give its port."""
    async with web_server(app, Settings()) as port:
        yield port
