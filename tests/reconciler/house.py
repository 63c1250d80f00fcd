"""The real sandbox and the real ledger, with time that passes in both when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from prometheus_client import CollectorRegistry
from tests.ledger.house import Hand, concluded, hand, pay, said
from tests.sandbox.house import MERCHANT, conditions

from paybus.execution.gates import Gates
from paybus.execution.journal import Journal
from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.order import OrderRequest
from paybus.ledger.pool import Pool
from paybus.reconciler.inquirer import Inquirer
from paybus.reconciler.watchman import Pace, Watchman
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.order import Order
from paybus.sandbox.server import running
from paybus.telemetry.metrics.reconciler import WatchMetrics
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method
from paybus.trades.watch import Rules

AMOUNT = Fen(15800)
RULES = Rules(first_seconds=10.0, longest_seconds=3600.0)
ID = MERCHANT.merchant_id


class NoBroker:
    """A producer that is never asked for anything: the journal only gathers."""

    async def send(self, topic: str, value: bytes, *, key: bytes) -> Any:
        """Fail: nobody writes the journal out in these tests."""
        raise NotImplementedError


@dataclass
class House:
    """One gateway, one ledger."""

    pool: Pool
    gateway: Gateway
    client: GatewayClient
    journal: Journal
    registry: CollectorRegistry

    def watchman(self, *, pool: Pool | None = None, gates: Gates | None = None, **pace: Any) -> Watchman:
        """Give a watchman; several share the work."""
        metrics = WatchMetrics(CollectorRegistry())
        inquirer = Inquirer({ID: self.client}, self.journal, gates)
        its_pace = Pace(**{"most_at_once": 20, **pace})
        return Watchman(pool or self.pool, inquirer, metrics, rules=RULES, pace=its_pace)

    async def ordered(self, *codes: str) -> None:
        """Have orders made at the gateway and in the ledger that wait for their customers."""
        payer = await hand(self.pool, Kind.PAY)
        for code in codes:
            reply = await self.client.order(
                OrderRequest(charge_code=code, amount_fen=AMOUNT, channel_type=1, subject="Tea")
            )
            assert reply.code == "SUCCESS"
            asked = pay(code)
            native = replace(asked, operation=replace(asked.operation, method=Method.NATIVE))
            (held,) = await payer.holds(native)
            await payer.settles(concluded(held, said()))

    async def awaits(self, *codes: str) -> Watchman:
        """Have orders that wait and are under watch; give the watchman."""
        await self.ordered(*codes)
        watchman = self.watchman()
        await self.passes(watch=False)
        await watchman.follow()
        return watchman

    def order(self, code: str = "C1") -> Order:
        """Give an order as the gateway has it."""
        found = self.gateway.books.order(ID, code)
        assert found is not None
        return found

    def pays(self, code: str = "C1") -> None:
        """Let the customer pay; his callback is lost."""
        assert self.gateway.customers.approve(self.order(code))

    async def passes(self, *, watch: bool = True) -> None:
        """Let time pass in the ledger: what was answered is history, and watched trades are due."""
        await self.pool.execute("UPDATE operation SET answered_at = answered_at - interval '1 hour'")
        if watch:
            await self.pool.execute("UPDATE watch SET due_at = now()")

    async def watch(self) -> dict[str, tuple[str, int, float]]:
        """Give the watched trades: why, how often asked about, and in how many seconds again."""
        rows = await self.pool.fetch(
            "SELECT charge_code, reason, asked, extract(epoch FROM due_at - now())::float8 AS due FROM watch"
        )
        return {row["charge_code"]: (row["reason"], row["asked"], row["due"]) for row in rows}

    def asked(self) -> int:
        """Count the inquiries that reached the gateway."""
        return self.gateway.books.requests["query"]


@asynccontextmanager
async def open_house(pool: Pool, **changed: Any) -> AsyncIterator[House]:
    """Run a sandbox beside the ledger."""
    engine = make_engine()
    try:
        async with running(conditions(**changed)) as (gateway, address):
            merchant = replace(MERCHANT, base_url=f"{address}/openGateway/openService/")
            client = GatewayClient(merchant, engine)
            yield House(pool, gateway, client, Journal(NoBroker(), "calls"), CollectorRegistry())
    finally:
        await engine.aclose()


async def canceller(pool: Pool) -> Hand:
    """Give a worker of the cancel service."""
    return await hand(pool, Kind.CANCEL)
