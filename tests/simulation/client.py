"""A process's way to the simulated gateway, in the place of `GatewayClient`: with all a wire can do."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.simulation.chance import Chance
from tests.simulation.gateway import Said, SimulatedGateway
from tests.simulation.loop import PROCESS

from paybus.gateway.errors import ConnectFailedError, ConnectionLostError, ReplyTimeoutError
from paybus.gateway.merchant import Merchant

CUT_OFF_SECONDS = 1.0
"""A request leaves within this, or never: the time for connecting."""

PATIENCE_SECONDS = 12.0
"""How long an answer is waited for."""


class SimulatedClient:
    """Speaks for one merchant in one process. What has left reaches the gateway also if its sender dies."""

    def __init__(
        self, gateway: SimulatedGateway, chance: Chance, merchant: Merchant, on_sent: Callable[[], None]
    ) -> None:
        """Have *on_sent* called at the moment in which money may begin to move."""
        self._on_sent = on_sent
        self._gateway = gateway
        self._chance = chance
        self.merchant = merchant

    async def pay(self, request: Any) -> Said:
        """Take a payment from a scanned code."""
        return await self._call("pay", request)

    async def order(self, request: Any) -> Said:
        """Create an order for the customer to pay."""
        return await self._call("order", request)

    async def refund(self, request: Any) -> Said:
        """Give money back."""
        return await self._call("refund", request)

    async def cancel(self, request: Any) -> Said:
        """Revoke an order."""
        return await self._call("cancel", request)

    async def query(self, request: Any) -> Said:
        """Ask what became of an order or refund."""
        chance = self._chance
        await asyncio.sleep(chance.seconds(0.0, 0.5))
        if self._gateway.out or chance.happens(chance.query_trouble):
            trouble = chance.random.choice(("refused", "lost", "trouble"))
            if trouble == "refused":
                raise ConnectFailedError
            if trouble == "lost":
                raise ConnectionLostError("lost", moves_money=False)
            return Said(code="SERVICE_UNAVAILABLE")
        said = self._gateway.query(request, self.merchant.merchant_id)
        await asyncio.sleep(chance.seconds(0.0, 0.5))
        return said

    async def _call(self, operation: str, request: Any) -> Said:
        fault = "refused" if self._gateway.out else self._chance.call_fault()
        if fault == "refused":
            await asyncio.sleep(0.1)
            raise ConnectFailedError
        answer: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._send(operation, request, fault, answer)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await answer
        except TimeoutError:
            raise ReplyTimeoutError("no reply", moves_money=True) from None

    def _send(self, operation: str, request: Any, fault: str | None, answer: "asyncio.Future[Said]") -> None:
        """Put it on the wire: from here on it is not in the process's hands."""
        gateway, chance = self._gateway, self._chance
        self._on_sent()
        undone = fault == "lost_before" or (fault == "trouble" and chance.happens(0.5))

        def hear(said: Said) -> None:
            gateway.later(chance.seconds(0.0, 0.3), lambda: _resolve(answer, fault, said))

        def arrive() -> None:
            if undone:
                hear(Said(code="EXCEPTION"))
            else:
                gateway.take(operation, request, self.merchant.merchant_id, fault, hear)

        token = PROCESS.set(None)
        try:
            gateway.later(chance.seconds(0.0, CUT_OFF_SECONDS), arrive)
        finally:
            PROCESS.reset(token)


def _resolve(answer: "asyncio.Future[Said]", fault: str | None, said: Said) -> None:
    if answer.done() or fault == "timeout":
        return
    if fault in {"lost_before", "lost_after"}:
        answer.set_exception(ConnectionLostError("lost", moves_money=True))
    elif fault == "unlisted":
        answer.set_result(Said(code="E_UNHEARD_OF"))
    elif fault == "trouble":
        answer.set_result(Said(code="EXCEPTION"))
    else:
        answer.set_result(said)
