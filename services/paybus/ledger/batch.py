"""A batch of settlements, decided: what each makes of its operation and its trade, and what is announced."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from paybus.contracts.event import Announcement, reject
from paybus.contracts.refusal import sentence_of
from paybus.ledger.announcement import announce_all
from paybus.ledger.held import Held, KnownTrade, identity_of
from paybus.ledger.trade_lock import Place
from paybus.ledger.writing import EventWrite, OperationWrite, TradeWrite, Writing
from paybus.trades.aftermath import Conclusion
from paybus.trades.happening import Happening
from paybus.trades.inquiry import hidden_seconds
from paybus.trades.operation import OPEN, Operation, OperationState
from paybus.trades.outcome import Outcome, Verdict
from paybus.trades.trade import Trade

Decide = Callable[[Operation, Trade | None], Conclusion]

_BINDS_NOTHING = OPEN - {OperationState.READY}
"""Who stays as open as before may have looked at an old trade; a grant and an end must not."""

_ASKED_ABOUT = frozenset({OperationState.UNKNOWN, OperationState.PENDING})

_CERTAIN = frozenset({Verdict.NOT_EXECUTED, Verdict.DECLINED})
"""After these nothing is at the gateway, whatever was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One operation whose outcome is known. *decide* is pure: it may be asked again with a newer trade."""

    held: Held
    outcome: Outcome
    decide: Decide
    sent: bool = False
    """A request was sent for it in this turn and is over: from now on nothing of it is on its way."""
    traceparent: str | None = None
    """The place in the trace that its events name; without one it is the operation's."""

    @property
    def place(self) -> Place:
        """Which trade it is about."""
        return self.held.operation.merchant_id, self.held.operation.charge_code


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a settlement.

    `held` is the operation as it is now if the worker goes on with it (state READY). `lost` says that it
    was not ours any more: nothing was written, and nothing more may be done about it.
    """

    conclusion: Conclusion | None
    held: Held | None = None

    @property
    def lost(self) -> bool:
        """Whether it is in other hands now, or was settled by an earlier try whose answer did not arrive."""
        return self.conclusion is None


class Batch:
    """Decides each settlement in turn, a later one on what an earlier one made of the same trade.

    One that cannot be decided is left out; `failures` has what it raised.
    """

    def __init__(self, settlements: Sequence[Settlement]) -> None:
        self.writing = Writing()
        self.failures: dict[int, Exception] = {}
        self._ords: dict[int, int] = {}  # from a settlement's position to that of its operation's write
        self._decided: dict[int, tuple[Held, Conclusion]] = {}
        self._known: dict[Place, KnownTrade] = {}
        self._trade_ords: dict[Place, int] = {}
        for position, settlement in enumerate(settlements):
            known = self._known.get(settlement.place, settlement.held.trade)
            try:
                conclusion = settlement.decide(settlement.held.operation, known.trade if known else None)
            except Exception as error:  # noqa: BLE001 -- one mistaken decision must not stop the others
                self.failures[position] = error
            else:
                self._add(position, settlement, known, conclusion)

    def is_in(self, position: int, operations: frozenset[int]) -> bool:
        """Say whether the settlement at *position* is among the written *operations*."""
        return self._ords.get(position) in operations

    def settled(self, position: int) -> Settled:
        """Give what was decided about the settlement at *position*, provided it was written."""
        held, conclusion = self._decided[position]
        if conclusion.state is not OperationState.READY:
            return Settled(conclusion)
        return Settled(conclusion, granted(held, self._after(held)))

    def _after(self, held: Held) -> KnownTrade | None:
        place = held.operation.merchant_id, held.operation.charge_code
        known = self._known.get(place, held.trade)
        if known is None or place not in self._trade_ords:
            return known
        return KnownTrade(trade=known.trade, revision=known.revision + 1)

    def _add(
        self, position: int, settlement: Settlement, known: KnownTrade | None, conclusion: Conclusion
    ) -> None:
        held, ord_ = settlement.held, len(self.writing.operations)
        self._ords[position] = ord_
        self._decided[position] = held, conclusion
        trade_ord = self._write_trade(settlement.place, known, conclusion)
        announcements = _announcements(settlement, conclusion)
        for announcement in announcements:
            place = settlement.traceparent or held.traceparent
            self.writing.events.append(EventWrite(announcement, place, ord_, trade_ord))
        self.writing.operations.append(_operation_write(settlement, conclusion, announcements, trade_ord))

    def _write_trade(self, place: Place, known: KnownTrade | None, conclusion: Conclusion) -> int | None:
        """Give the number of the trade that has to be written with this operation, None if none has."""
        if known is None:
            return None
        unchanged = conclusion.trade in (None, known.trade) and place not in self._trade_ords
        if unchanged and conclusion.state in _BINDS_NOTHING:
            return None
        trade = conclusion.trade or known.trade
        self._known[place] = KnownTrade(trade=trade, revision=known.revision)
        trade_ord = self._trade_ords.setdefault(place, len(self.writing.trades))
        self.writing.trades[trade_ord : trade_ord + 1] = [TradeWrite(trade, known.revision)]
        return trade_ord


def granted(held: Held, trade: KnownTrade | None) -> Held:
    """Give *held* as it is after it became READY: nothing was sent or asked in this state yet."""
    operation = replace(held.operation, state=OperationState.READY, reply_code=None)
    return replace(held, operation=operation, trade=trade, turn=held.turn + 1)


def _operation_write(
    settlement: Settlement,
    conclusion: Conclusion,
    announcements: Sequence[Announcement],
    trade_ord: int | None,
) -> OperationWrite:
    outcome, held = settlement.outcome, settlement.held
    return OperationWrite(
        operation_id=held.operation_id,
        turn=held.turn,
        state=conclusion.state,
        asked=_asked(held.operation, conclusion),
        due_seconds=conclusion.due_seconds,
        reply_code=outcome.reply_code,
        return_code=outcome.return_code,
        reason=conclusion.reason or outcome.reason,
        answer_id=_answer_id(conclusion, announcements),
        quiet_seconds=hidden_seconds(outcome.hung_seconds) if settlement.sent else None,
        doubted=held.doubted
        and conclusion.state is OperationState.WAITING
        and outcome.verdict not in _CERTAIN,
        trade_ord=trade_ord,
    )


def _asked(operation: Operation, conclusion: Conclusion) -> int:
    """Count the inquiries without an answer, or the tries before them, one after the other."""
    state, tried = conclusion.state, int(conclusion.tried)
    if state is OperationState.READY:
        return operation.asked
    counted_the_same = (operation.state in _ASKED_ABOUT) == (state in _ASKED_ABOUT)
    return operation.asked + tried if counted_the_same else tried


def _answer_id(conclusion: Conclusion, announcements: Sequence[Announcement]) -> str | None:
    """Give the event that answers the command: the first it caused, else the last one of its trade.

    What a refund does to its trade is told behind what became of the refund.
    """
    if conclusion.state in OPEN:
        return None
    if announcements:
        return announcements[0].ce_id
    trade = conclusion.trade
    if trade is None or trade.version == 0:
        return None
    return f"{trade.merchant_id}/{trade.charge_code}/{trade.version}"


def _announcements(settlement: Settlement, conclusion: Conclusion) -> list[Announcement]:
    """Write the conclusion's events; the last one that has a version has the trade's."""
    trade, happenings = conclusion.trade, conclusion.happenings
    announcements: list[Announcement] = []
    versioned = [one for one in happenings if one is not Happening.COMMAND_REJECTED]
    if trade is not None:
        announcements += announce_all(
            versioned, trade, operation=settlement.held.operation, outcome=settlement.outcome
        )
    if len(versioned) < len(happenings):
        announcements.append(_rejection(settlement, conclusion))
    return announcements


def _rejection(settlement: Settlement, conclusion: Conclusion) -> Announcement:
    operation = settlement.held.operation
    reason = conclusion.reason or settlement.outcome.reason or settlement.outcome.return_code or "refused"
    return reject(
        operation.kind,
        identity_of(operation),
        reason=reason,
        message=sentence_of(reason),
        fingerprint=settlement.held.fingerprint,
    )
