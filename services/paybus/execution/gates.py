"""What stands between us and the gateways: breakers for each of them, and what each merchant may ask.

Charges and inquiries break apart from each other, and callbacks come in elsewhere: that nothing can be sent
is no reason not to ask, and none not to listen.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum, unique
import random
import time
from typing import Final, Protocol

import structlog

from paybus.contracts.call import GatewayCall
from paybus.execution.allowance import Allowance
from paybus.execution.breaker import Breaker, BreakerRules, Heard
from paybus.gateway.client import GatewayClient
from paybus.gateway.merchant import Merchant
from paybus.trades.return_code import SUCCESS

UNUSED_SECONDS: Final = 5.0
"""How long after a pause whoever waits in the ledger may take the probe, before Kafka is asked for one."""

NEVER: Final = BreakerRules(failures=2**63)
"""Rules under which nothing ever breaks."""

_SPREAD_SECONDS: Final = 5.0  # a minute is over for all at once; they come back one after the other

_log = structlog.get_logger(__name__)


@unique
class Traffic(StrEnum):
    """What breaks apart from each other."""

    CHARGES = "charges"
    """Pays, orders, refunds and cancels: what may move money."""
    INQUIRIES = "inquiries"


class Counter(Protocol):
    """Is told what was held back."""

    def held_back(self, traffic: str, limit: str) -> None:
        """Count one request that was not made now."""


@dataclass(slots=True)
class Passage:
    """One request on its way; `call` is set when it is over."""

    call: GatewayCall | None = None


@dataclass(slots=True)
class Gates:
    """The breakers of one process, by gateway (its base URL); kept for as long as the process lives."""

    clients: Mapping[str, GatewayClient]
    rules: BreakerRules = NEVER
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    counter: Counter | None = None
    _breakers: dict[tuple[Traffic, str], Breaker] = field(default_factory=dict)
    _allowances: dict[str, Allowance] = field(default_factory=dict)  # by merchant

    def rest_seconds(self, traffic: Traffic, merchant_id: str) -> float:
        """Say for how long a request for this merchant has to be held back; 0 if it may be made now."""
        client = self.clients.get(merchant_id)
        if client is None:
            return 0.0
        breaker = self._breakers.get((traffic, client.merchant.base_url))
        if breaker is not None and (rest_seconds := breaker.rest_seconds()):
            self._count(traffic, "breaker")
            return rest_seconds
        if traffic is Traffic.CHARGES and (rest_seconds := self._forgotten_seconds(client)):
            self._count(traffic, "error_quota")
            return rest_seconds + self.draw() * _SPREAD_SECONDS
        return 0.0

    def wait_seconds(self, traffic: Traffic, merchant_id: str, *, within_seconds: float) -> float:
        """Reserve a call of the merchant's and say how long to wait for it; *within_seconds* at most.

        Nothing is reserved where it would come later than that, or where the gateway is left alone.
        """
        client = self.clients.get(merchant_id)
        if client is None or client.merchant.calls_per_second is None:
            return 0.0
        breaker = self._breakers.get((traffic, client.merchant.base_url))
        if breaker is not None and breaker.over_seconds < 0:
            return 0.0
        wait_seconds = self._allowance(merchant_id).reserve(client.merchant, within_seconds=within_seconds)
        if wait_seconds != 0.0:
            self._count(traffic, "rate")
        return within_seconds if wait_seconds is None else wait_seconds

    @contextmanager
    def passing(self, traffic: Traffic, client: GatewayClient) -> Iterator[Passage]:
        """Make one request inside the block, which leaves its record in the passage."""
        gateway = client.merchant.base_url
        breaker = self._breaker(traffic, gateway)
        allowance = self._allowance(client.merchant.merchant_id)
        ticket, passage = breaker.enter(), Passage()
        if traffic is Traffic.CHARGES:
            allowance.begin_charge()
        try:
            yield passage
        finally:
            if traffic is Traffic.CHARGES:
                allowance.end_charge()
            if client.merchant.errors_per_minute is not None:
                self._note(allowance, passage.call, client.merchant)
            if breaker.leave(ticket, _heard(passage.call)):
                _tell(breaker, traffic, gateway)

    def open_count(self, traffic: Traffic) -> int:
        """Count the gateways that are left alone."""
        return sum(one.is_open for (of, _), one in self._breakers.items() if of is traffic)

    @property
    def may_take_in(self) -> bool:
        """Whether new commands could be sent: not while every gateway of our merchants is left alone.

        When a pause is over and nobody in the ledger was there to probe, one batch from Kafka may.
        """
        if not self.open_count(Traffic.CHARGES):
            return True
        gateways = {client.merchant.base_url for client in self.clients.values()}
        breakers = [self._breakers.get((Traffic.CHARGES, gateway)) for gateway in gateways]
        return any(one is None or one.over_seconds > one.pause_seconds + UNUSED_SECONDS for one in breakers)

    def _forgotten_seconds(self, client: GatewayClient) -> float:
        allowance = self._allowances.get(client.merchant.merchant_id)
        return 0.0 if allowance is None else allowance.rest_seconds(client.merchant)

    def _note(self, allowance: Allowance, call: GatewayCall | None, merchant: Merchant) -> None:
        if call is None or call.return_code is None:
            return
        paused = allowance.is_paused(merchant)
        allowance.answered(error=call.return_code != SUCCESS)
        if allowance.is_paused(merchant) and not paused:
            _log.error("merchant.errors_exceeded", merchant_id=merchant.merchant_id)

    def _count(self, traffic: Traffic, limit: str) -> None:
        if self.counter is not None:
            self.counter.held_back(traffic, limit)

    def _allowance(self, merchant_id: str) -> Allowance:
        if merchant_id not in self._allowances:
            self._allowances[merchant_id] = Allowance(self.clock)
        return self._allowances[merchant_id]

    def _breaker(self, traffic: Traffic, gateway: str) -> Breaker:
        place = traffic, gateway
        if place not in self._breakers:
            self._breakers[place] = Breaker(self.rules, clock=self.clock, draw=self.draw)
        return self._breakers[place]


def _heard(call: GatewayCall | None) -> Heard:
    if call is None or call.reason == "field_invalid":
        return Heard.NOTHING
    return Heard.ANSWER if call.error is None else Heard.FAILURE


def _tell(breaker: Breaker, traffic: Traffic, gateway: str) -> None:
    if breaker.is_open:
        _log.error("breaker.opened", traffic=traffic.value, gateway=gateway)
    else:
        _log.info("breaker.closed", traffic=traffic.value, gateway=gateway)
