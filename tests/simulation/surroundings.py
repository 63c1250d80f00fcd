"""What the services of one world share: their settings, and what a process finds outside of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.broker import Topic
from tests.simulation.client import CUT_OFF_SECONDS, SimulatedClient
from tests.simulation.gateway import LAG_SECONDS
from tests.simulation.script import MERCHANT

from paybus.cancel.flow import CANCEL
from paybus.contracts.call import GatewayCall
from paybus.execution.breaker import BreakerRules
from paybus.execution.flow import Flow
from paybus.execution.gates import Gates
from paybus.execution.journal import Journal
from paybus.execution.limits import Limits
from paybus.gateway.merchant import Merchant
from paybus.ledger.worker import Lease
from paybus.notifier.memory_broker import MemoryBroker
from paybus.pay.flow import PAY
from paybus.refund.flow import REFUND
from paybus.trades.operation import Kind

FLOWS: dict[Kind, Flow] = {flow.kind: flow for flow in (PAY, REFUND, CANCEL)}
LEASE = Lease(beat_seconds=2.0, fence_seconds=5.0, lease_seconds=8.0)
LIMITS = Limits(
    in_flight=10,
    max_open=20,
    pay_wait_seconds=120.0,
    lag_seconds=LAG_SECONDS,
    cut_off_seconds=CUT_OFF_SECONDS,
    lease=LEASE,
)
EXPIRY_SECONDS = 20.0
GRACE_SECONDS = 15.0
"""After a barcode pay's expiry, before it is cancelled: as long as the gateway keeps its customer waiting."""

STORE_SECONDS = 4.0
BREAKER = BreakerRules(failures=4, longest_pause_seconds=10.0)
OURS = Merchant(
    merchant_id=MERCHANT,
    key="TESTKEY0123456789ABCDEFGHIJKLMNO",
    base_url="http://127.0.0.1:1/openGateway/openService/",
    oper_id="oper01",
    dev_id="dev01",
)


class Silence:
    """Metrics that nobody reads: any part of it, called with anything, is itself."""

    def __getattr__(self, name: str) -> "Silence":
        return self

    def __call__(self, *_arguments: object, **_named: object) -> "Silence":
        """Do nothing."""
        return self


class Calls(Journal):
    """The audit trail of all workers: what was heard is on it at once."""

    def __init__(self) -> None:
        self.calls: list[GatewayCall] = []

    def write(self, call: GatewayCall, _traceparent: str | None = None) -> None:
        """Keep a record."""
        self.calls.append(call)


class Letters:
    """The dead-letter topics."""

    def __init__(self) -> None:
        self.kept: list[tuple[bytes | None, Sequence[tuple[str, bytes | None]]]] = []

    async def send_and_wait(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> None:
        """Take a letter."""
        await asyncio.sleep(0)
        self.kept.append((value, headers))


@dataclass
class Surroundings:
    """What a process finds outside of it."""

    topics: dict[Kind, Topic]
    events: MemoryBroker
    letters: Letters
    journal: Calls
    make_client: Callable[[], SimulatedClient]
    clock: Callable[[], float]
    draw: Callable[[], float]
    restores: bool = False
    """Whether the ledger of this world is restored once."""

    def clients(self) -> Any:
        """Give a process's clients, by merchant."""
        return {MERCHANT: self.make_client()}

    def gates(self, clients: Any) -> Gates:
        """Give a process's breakers."""
        return Gates(clients, BREAKER, clock=self.clock, draw=self.draw)
