"""A turn of one operation: may it start, what does the gateway say, and that written down."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from paybus.execution.heart import Heart
from paybus.execution.limits import Limits
from paybus.execution.operator import Operator
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.held import Held
from paybus.ledger.settlement import Decide, Settled, Settlement
from paybus.trades.aftermath import Conclusion
from paybus.trades.conclusion import conclude
from paybus.trades.operation import Kind, Operation, OperationState
from paybus.trades.outcome import Outcome, Source, Verdict
from paybus.trades.start import Patience, start
from paybus.trades.trade import Trade

SETTLE_PAUSE_SECONDS: Final = 0.2
"""Between tries to write down an outcome while the ledger is away."""

_NOTHING_SENT: Final = Outcome(verdict=Verdict.NOT_EXECUTED, source=Source.REPLY)
_log = structlog.get_logger(__name__)


class NotOursError(Exception):
    """The worker must not act on the operation any more: it stops, or may have been declared dead."""


class Turns:
    """Takes one turn at a time for each operation it is given; `may_act` can be switched off for good."""

    def __init__(
        self,
        operator: Operator,
        settlements: GroupCommit[Settlement, Settled],
        *,
        heart: Heart,
        limits: Limits,
    ) -> None:
        self.stopping = False
        self._operator = operator
        self._settlements = settlements
        self._heart = heart
        self._limits = limits
        self._calls = asyncio.Semaphore(limits.in_flight)
        self.in_flight = 0

    async def take(self, held: Held) -> None:
        """Carry *held* as far as it goes now; what is left is due again in the ledger.

        Raises NotOursError if nothing may be done: the operation is still under our name.
        """
        ready: Held | None = held
        if held.operation.state is OperationState.WAITING:
            ready = await self._start(held, self._patience(held))
        if ready is not None:
            await self._at_gateway(ready)

    async def _at_gateway(self, held: Held) -> None:
        async with self._calls:
            # The last moment: between this line and the request there is no await.
            self._insist()
            self.in_flight += 1
            try:
                await self._act(held)
            finally:
                self.in_flight -= 1

    async def _act(self, held: Held) -> None:
        if _may_have_been_sent(held):
            await self._conclude(held, await self._operator.ask(held), sent=False)
        elif held.operation.kind is Kind.PAY and _is_expired(held):
            await self._settle(held, _NOTHING_SENT, _starting(Patience(expired=True)))
        else:
            await self._conclude(held, await self._operator.send(held), sent=True)

    async def _start(self, held: Held, patience: Patience) -> Held | None:
        settled = await self._settle(held, _NOTHING_SENT, _starting(patience))
        return settled.held

    async def _conclude(self, held: Held, outcome: Outcome, *, sent: bool) -> None:
        settled = await self._settle(held, outcome, _concluding(outcome), sent=sent)
        if settled.lost:
            _log.warning("turn.overtaken", operation_id=held.operation_id, verdict=outcome.verdict.value)

    async def _settle(self, held: Held, outcome: Outcome, decide: Decide, *, sent: bool = False) -> Settled:
        settlement = Settlement(held=held, outcome=outcome, decide=decide, sent=sent)
        while True:
            try:
                return await self._settlements.submit(settlement)
            except LedgerUnavailableError as error:
                _log.warning("turn.settlement_waits", error=type(error).__name__)
            await asyncio.sleep(SETTLE_PAUSE_SECONDS)

    def _insist(self) -> None:
        if self.stopping or not self._heart.may_send:
            raise NotOursError

    def _patience(self, held: Held) -> Patience:
        tired = held.waited_seconds >= self._limits.pay_wait_seconds
        return Patience(expired=_is_expired(held), tired=tired)


def _may_have_been_sent(held: Held) -> bool:
    return held.operation.state is not OperationState.READY or held.quiet_seconds is not None


def _is_expired(held: Held) -> bool:
    return held.expires_at is not None and held.expires_at <= datetime.now(UTC)


def _starting(patience: Patience) -> Decide:
    # READY and not begun to be sent is as good as WAITING: only the worker that holds it knows.
    return lambda operation, trade: start(_as_waiting(operation), trade, patience)


def _concluding(outcome: Outcome) -> Decide:
    def decide(operation: Operation, trade: Trade | None) -> Conclusion:
        assert trade is not None, "what was sent has a trade"
        return conclude(operation, trade, outcome)

    return decide


def _as_waiting(operation: Operation) -> Operation:
    return replace(operation, state=OperationState.WAITING)
