"""A turn of one operation: may it start, what does the gateway say, and that written down."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from paybus.execution.doubt import NOT_ASKED_YET, doubting, still_waits
from paybus.execution.gates import Traffic
from paybus.execution.heart import Heart
from paybus.execution.limits import Limits
from paybus.execution.operator import MERCHANT_UNKNOWN, POSTPONED, Operator
from paybus.execution.spans import attributes_of_settlement
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.held import Held
from paybus.ledger.settlement import Decide, Settled, Settlement
from paybus.telemetry.seam import Seam, reach
from paybus.telemetry.trace import begin
from paybus.trades.aftermath import Conclusion, held_back
from paybus.trades.conclusion import conclude
from paybus.trades.operation import Kind, Operation, OperationState
from paybus.trades.outcome import Outcome, Source, Verdict
from paybus.trades.start import Patience, start
from paybus.trades.trade import Trade

SETTLE_PAUSE_SECONDS: Final = 0.2
"""Between tries to write down an outcome while the ledger is away."""

MERCHANT_PAUSE_SECONDS: Final = 60.0
"""Before an operation of a merchant who was taken out is tried again: somebody has to put a file back."""

_NOTHING_SENT: Final = Outcome(verdict=Verdict.NOT_EXECUTED, source=Source.REPLY)
_NOT_ASKED: Final = Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, reason=POSTPONED)
_EXPIRED_SECONDS: Final = 0.05  # what we know of the ledger's clock is off by a little
_log = structlog.get_logger(__name__)


class StoppingError(Exception):
    """The worker stops: what it has not sent stays under its name, until it gives everything back."""


class Turns:
    """Takes one turn at a time for each operation it is given."""

    def __init__(
        self,
        operator: Operator,
        settlements: GroupCommit[Settlement, Settled],
        *,
        heart: Heart,
        limits: Limits,
    ) -> None:
        self._stop = asyncio.Event()
        self.in_flight = 0
        self._operator = operator
        self._settlements = settlements
        self._heart = heart
        self._limits = limits
        self._calls = asyncio.Semaphore(limits.in_flight)

    @property
    def stopping(self) -> bool:
        """Whether nothing more is sent or asked."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Send and ask nothing more, for good; what waits for its merchant's limit waits no longer."""
        self._stop.set()

    @property
    def may_take_in(self) -> bool:
        """Whether commands that come now could be sent."""
        return self._operator.gates.may_take_in

    async def take(self, held: Held) -> None:
        """Carry *held* as far as it goes now; what is left is due again in the ledger.

        Raises StoppingError.
        """
        self._insist()
        ready: Held | None = held
        if held.operation.state is OperationState.WAITING:
            ready = await (self._doubt(held) if held.doubted else self._start(held))
        if ready is not None:
            await self._at_gateway(ready)

    def _patience(self, held: Held) -> Patience:
        tired = held.waited_seconds >= self._limits.pay_wait_seconds
        return Patience(expired=self._is_expired(held), tired=tired)

    async def _doubt(self, held: Held) -> Held | None:
        """Give what is doubted to be asked about, once its trade is so far."""
        patience = self._patience(held)
        if not still_waits(held, patience):
            return held
        await self._settle(held, NOT_ASKED_YET, _starting(patience))
        return None

    async def _start(self, held: Held) -> Held | None:
        patience = self._patience(held)
        rest_seconds = self._rest_seconds(held, Traffic.CHARGES)
        decide = _resting(_starting(patience), rest_seconds) if rest_seconds else _starting(patience)
        granted = (await self._settle(held, _NOTHING_SENT, decide)).held
        if granted is None:
            return None
        reach(Seam.START_COMMITTED)
        # Whatever was sent in earlier turns, it is over: what was WAITING is certainly not on its way.
        return replace(granted, quiet_seconds=None)

    async def _at_gateway(self, held: Held) -> None:
        await self._await_allowance(held)
        async with self._calls:
            while not self._heart.may_send:
                # The ledger is away. If it takes our next beat, nobody has taken over what we hold; if it
                # has declared us dead, the worker is stopped.
                self._insist()
                await asyncio.sleep(self._limits.lease.beat_seconds)
            # The last moment: between this line and the request there is no await.
            self._insist()
            self.in_flight += 1
            try:
                await self._act(held)
            finally:
                self.in_flight -= 1

    async def _await_allowance(self, held: Held) -> None:
        """Wait for a call that the merchant may make, or until it is too late; without a place of others."""
        asks = _may_have_been_sent(held)
        wait_seconds = self._operator.gates.wait_seconds(
            Traffic.INQUIRIES if asks else Traffic.CHARGES,
            held.operation.merchant_id,
            within_seconds=float("inf") if asks else self._left_seconds(held),
        )
        if wait_seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds):
                    await self._stop.wait()

    async def _act(self, held: Held) -> None:
        if _may_have_been_sent(held):
            await self._ask(held)
        elif self._is_expired(held):
            await self._settle(held, _NOTHING_SENT, _too_late(held.operation.kind))
        elif rest_seconds := self._rest_seconds(held, Traffic.CHARGES):
            await self._settle(held, _NOTHING_SENT, _resting(_concluding(_NOTHING_SENT), rest_seconds))
        else:
            await self._conclude(held, await self._operator.send(held), sent=True)

    async def _ask(self, held: Held) -> None:
        rest_seconds = self._rest_seconds(held, Traffic.INQUIRIES)
        if rest_seconds:
            decide = self._deciding(held, _NOT_ASKED)
            await self._settle(held, _NOT_ASKED, _resting(decide, rest_seconds))
        else:
            await self._conclude(held, await self._operator.ask(held), sent=False)

    def _rest_seconds(self, held: Held, traffic: Traffic) -> float:
        """Say how long *held* must not go to the gateway; a charge until it expires, to be answered then."""
        rest_seconds = self._operator.gates.rest_seconds(traffic, held.operation.merchant_id)
        return min(rest_seconds, self._left_seconds(held)) if traffic is Traffic.CHARGES else rest_seconds

    async def _conclude(self, held: Held, outcome: Outcome, *, sent: bool) -> None:
        reach(Seam.SETTLE_NOT_COMMITTED if sent else Seam.INQUIRY_NOT_COMMITTED)
        decide = self._deciding(held, outcome)
        settled = await self._settle(held, outcome, decide, sent=sent)
        reach(Seam.SETTLE_COMMITTED if sent else Seam.INQUIRY_COMMITTED)
        if settled.lost:
            _log.warning("turn.overtaken", operation_id=held.operation_id, verdict=outcome.verdict.value)

    def _deciding(self, held: Held, outcome: Outcome) -> Decide:
        decide = _concluding(outcome, left_seconds=self._left_seconds(held))
        return doubting(decide, outcome) if held.doubted else decide

    async def _settle(self, held: Held, outcome: Outcome, decide: Decide, *, sent: bool = False) -> Settled:
        span = begin(f"settle {held.operation.kind}", held.traceparent)
        place = None if span is None else span.traceparent
        settlement = Settlement(held=held, outcome=outcome, decide=decide, sent=sent, traceparent=place)
        settled = await self._written(settlement)
        if span is not None:
            span.end(attributes_of_settlement(settlement, settled))
        return settled

    async def _written(self, settlement: Settlement) -> Settled:
        while True:
            try:
                return await self._settlements.submit(settlement)
            except LedgerUnavailableError as error:
                # There may be a thousand of us: that the ledger is away is told by the heart.
                _log.debug("turn.settlement_waits", error=type(error).__name__)
            await asyncio.sleep(SETTLE_PAUSE_SECONDS)

    def _is_expired(self, held: Held) -> bool:
        return held.expires_at is not None and held.expires_at <= self._heart.ledger_clock.now()

    def _left_seconds(self, held: Held) -> float:
        """Say when *held* will have expired, or at once; without end if it never does."""
        if held.expires_at is None:
            return float("inf")
        left_seconds = (held.expires_at - self._heart.ledger_clock.now()).total_seconds()
        return max(0.0, left_seconds) + _EXPIRED_SECONDS

    def _insist(self) -> None:
        if self.stopping:
            raise StoppingError


def _may_have_been_sent(held: Held) -> bool:
    return held.operation.state is not OperationState.READY or held.quiet_seconds is not None


def _starting(patience: Patience) -> Decide:
    # READY and not begun to be sent is as good as WAITING: only the worker that holds it knows.
    return lambda operation, trade: start(_as_waiting(operation), trade, patience)


def _too_late(kind: Kind) -> Decide:
    if kind is Kind.PAY:
        return _starting(Patience(expired=True))
    # What was granted to it is taken back first; its next turn refuses it.
    return _concluding(_NOTHING_SENT)


def _concluding(outcome: Outcome, *, left_seconds: float = float("inf")) -> Decide:
    def decide(operation: Operation, trade: Trade | None) -> Conclusion:
        assert trade is not None, "what was sent has a trade"
        concluded = conclude(operation, trade, outcome)
        if outcome.reason == MERCHANT_UNKNOWN and concluded.due_seconds is not None:
            return replace(concluded, due_seconds=max(concluded.due_seconds, MERCHANT_PAUSE_SECONDS))
        if concluded.state is OperationState.WAITING and concluded.due_seconds is not None:
            return replace(concluded, due_seconds=min(concluded.due_seconds, left_seconds))
        return concluded

    return decide


def _resting(decide: Decide, seconds: float) -> Decide:
    return lambda operation, trade: held_back(decide(operation, trade), trade, seconds)


def _as_waiting(operation: Operation) -> Operation:
    return replace(operation, state=OperationState.WAITING)
