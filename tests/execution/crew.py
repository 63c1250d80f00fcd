"""A worker inside the test: on a ledger of the test's own, in front of a sandbox in the same event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
from tests.intake.records import reader, record
from tests.ledger.tables import events, operation, trade
from tests.sandbox.house import MERCHANT, House, open_house

from paybus.cancel.flow import CANCEL
from paybus.contracts.call import GatewayCall
from paybus.execution.flow import Flow
from paybus.execution.heart import Heart
from paybus.execution.journal import Journal
from paybus.execution.limits import Limits
from paybus.execution.operator import Operator
from paybus.execution.turn import Turns
from paybus.execution.worker import Worker
from paybus.gateway.client import GatewayClient
from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Acceptance
from paybus.ledger.claim import claim_due
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settlements
from paybus.ledger.worker import Lease, enroll
from paybus.pay.flow import PAY
from paybus.refund.flow import REFUND
from paybus.sandbox.books import BookRules
from paybus.trades.operation import Kind

ID = MERCHANT.merchant_id
FLOWS: dict[Kind, Flow] = {flow.kind: flow for flow in (PAY, REFUND, CANCEL)}
LIMITS = Limits(
    in_flight=100,
    max_open=1000,
    pay_wait_seconds=60.0,
    lag_seconds=3.0,
    cut_off_seconds=3.0,
    lease=Lease(beat_seconds=0.01),
)


class Calls(Journal):
    """A journal that is read instead of sent."""

    def __init__(self) -> None:
        self.calls: list[GatewayCall] = []

    def write(self, call: GatewayCall, _traceparent: str | None = None) -> None:
        """Keep the record."""
        self.calls.append(call)

    @property
    def operations(self) -> list[str]:
        """Give what was asked of the gateway, in order."""
        return [call.operation for call in self.calls]


@dataclass
class Crew:
    """One worker, part by part."""

    pool: Any
    house: House
    kind: Kind
    worker_id: UUID
    heart: Heart
    turns: Turns
    worker: Worker
    journal: Calls
    clients: dict[str, GatewayClient] = field(default_factory=dict)

    async def accepts(self, *documents: dict[str, Any]) -> tuple[Held, ...]:
        """Accept commands, and hold the new ones."""
        return (
            await accept(self.pool, self.worker_id, [acceptance(self.kind, one) for one in documents])
        ).held

    async def takes(self, *documents: dict[str, Any]) -> None:
        """Accept commands and take the first turn of each, one after the other."""
        for held in await self.accepts(*documents):
            await self.turns.take(held)

    async def claims(self) -> list[Held]:
        """Take what is due."""
        return await claim_due(self.pool, self.worker_id, self.kind, most=100)

    async def goes_on(self) -> int:
        """Take the next turn of everything that is due, and say how many those were."""
        due = await self.claims()
        for held in due:
            await self.turns.take(held)
        return len(due)

    async def row(self, key: str) -> dict[str, Any]:
        """Give an operation of this kind as the ledger has it."""
        return await operation(self.pool, key, self.kind)

    async def state(self, key: str) -> str:
        """Give how far an operation of this kind is."""
        return str((await self.row(key))["state"])

    async def trade(self, code: str = "C1") -> dict[str, Any]:
        """Give a trade as the ledger has it."""
        return await trade(self.pool, code)

    async def events(self, code: str = "C1") -> list[str]:
        """Give the events of a trade, whose versions have no gap."""
        return await events(self.pool, code)

    async def rejections(self) -> list[bytes]:
        """Give the values of the rejections."""
        rows = await self.pool.fetch("SELECT value FROM event WHERE ce_type = 'command.rejected'")
        return [row["value"] for row in rows]

    def sent(self) -> list[tuple[str, str | None]]:
        """Give (operation, refund number or charge code) of the calls that could move money."""
        books = self.house.gateway.books
        return [(call.operation, call.refund_number or call.charge_code) for call in books.calls]

    def charged(self) -> list[str]:
        """Give the charge codes of the customers' charges."""
        return [code for _, code, _, _ in self.house.effects("charge")]

    def lose_gateway(self) -> None:
        """Let nobody be reached any more."""
        self.clients[ID] = client_of(self.house.engine, "http://127.0.0.1:1/openGateway/openService/")

    def find_gateway(self) -> None:
        """Let the sandbox be reached again."""
        self.clients[ID] = self.house.client()


def client_of(engine: httpx.AsyncBaseTransport, base_url: str) -> GatewayClient:
    """Give the merchant's client for a gateway elsewhere."""
    return GatewayClient(replace(MERCHANT, base_url=base_url), engine)


def acceptance(kind: Kind, document: dict[str, Any]) -> Acceptance:
    """Read a command."""
    read = reader(kind).read(record(document, timestamp=-1))
    assert isinstance(read, Acceptance), read
    return read


async def enlist(pool: Any, house: House, kind: Kind = Kind.PAY, **changed: Any) -> Crew:
    """Give a new worker of *kind*, whose heart has beaten once; *changed* are its limits."""
    limits, worker_id, journal = replace(LIMITS, **changed), uuid4(), Calls()
    await enroll(pool, worker_id, kind.value)
    heart = Heart(pool, worker_id, limits.lease)
    await heart.beat()
    clients = {ID: house.client()}
    operator = Operator(FLOWS[kind], clients, journal, lag_seconds=limits.lag_seconds)
    turns = Turns(operator, GroupCommit(Settlements(pool, worker_id).write), heart=heart, limits=limits)
    worker = Worker(pool, worker_id, kind, turns=turns, heart=heart, limits=limits)
    return Crew(pool, house, kind, worker_id, heart, turns, worker, journal, clients)


@asynccontextmanager
async def open_sandbox(**changed: Any) -> AsyncIterator[House]:
    """Run a sandbox that does not look for duplicates: a second call is a second effect."""
    async with open_house(**{"book_rules": BookRules(duplicate_detection=False)} | changed) as house:
        yield house


def barcode(code: str = "C1", **changed: Any) -> dict[str, Any]:
    """Ask for a payment by barcode; the code says what goes wrong with it."""
    return {
        "merchant_id": ID,
        "charge_code": code,
        "method": "barcode",
        "amount_fen": 15800,
        "subject": "Tea",
        "auth_code": "280000000000000001",
    } | changed


def native(code: str = "C1") -> dict[str, Any]:
    """Ask for a payment that the customer makes."""
    return {
        "merchant_id": ID,
        "charge_code": code,
        "method": "native",
        "amount_fen": 15800,
        "subject": "Tea",
        "channel_type": 1,
    }


def refund(number: str = "R1", *, code: str = "C1", amount_fen: int = 5000, **changed: Any) -> dict[str, Any]:
    """Ask for a refund."""
    return {
        "merchant_id": ID,
        "charge_code": code,
        "out_refund_no": number,
        "amount_fen": amount_fen,
        "subject": "Returned",
    } | changed


def cancel(code: str = "C1", **changed: Any) -> dict[str, Any]:
    """Ask for a cancel."""
    return {"merchant_id": ID, "charge_code": code} | changed


async def pays(pool: Pool, house: House, *documents: dict[str, Any]) -> Crew:
    """Have payments made by a worker of their own; the first one's is `barcode()` as a rule."""
    payer = await enlist(pool, house, Kind.PAY)
    await payer.takes(*(documents or (barcode(),)))
    return payer
