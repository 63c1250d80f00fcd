"""settle(): what became of operations, in one statement for a whole batch.

The operation, its trade and the events about them are written together or not at all, and only while the
worker still owns the operation. A trade is written only if nobody wrote it since it was read; whoever was
overtaken is decided again, this time with the trade's row locked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from paybus.contracts.event import Announcement, announce, reject
from paybus.contracts.refusal import sentence_of
from paybus.ledger.acceptance import identity_of
from paybus.ledger.errors import translated
from paybus.ledger.held import TRADE_COLUMNS, Held, KnownTrade, trade_from
from paybus.ledger.pool import Pool
from paybus.ledger.writing import EventWrite, OperationWrite, TradeWrite, Writing, write
from paybus.trades.conclusion import Conclusion
from paybus.trades.happening import Happening
from paybus.trades.operation import OPEN, Operation, OperationState
from paybus.trades.outcome import Outcome, Source
from paybus.trades.trade import Trade

Decide = Callable[[Operation, Trade | None], Conclusion]
Place = tuple[str, str]

_LOCK_OPERATIONS: Final = """
SELECT operation_id FROM operation WHERE operation_id = ANY($1::bigint[]) AND owner = $2
ORDER BY operation_id FOR NO KEY UPDATE
"""
_LOCK_TRADES: Final = f"""
SELECT t.merchant_id, t.charge_code, {TRADE_COLUMNS}
FROM trade t JOIN unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code)
     USING (merchant_id, charge_code)
ORDER BY t.merchant_id, t.charge_code FOR NO KEY UPDATE OF t
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One operation whose outcome is known. *decide* is pure: it may be asked again with a newer trade."""

    held: Held
    outcome: Outcome
    decide: Decide
    sent: bool = False
    """A request was sent for it in this turn and is over: from now on nothing of it is on its way."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a settlement.

    `held` is the operation as it is now if the worker goes on with it (state READY). `lost` says that it
    had been taken over by another worker: nothing was written, and nothing more may be done about it.
    """

    conclusion: Conclusion | None
    held: Held | None = None

    @property
    def lost(self) -> bool:
        """Whether another worker owns it now."""
        return self.conclusion is None


LOST: Final = Settled(None)


class Settlements:
    """Settles for one worker."""

    def __init__(self, pool: Pool, worker_id: UUID) -> None:
        self._pool = pool
        self._worker_id = worker_id

    async def write(self, settlements: Sequence[Settlement]) -> list[Settled]:
        """Write a batch; returns when it is durable. After a LedgerError nothing of it is known."""
        with translated():
            batch = Batch(settlements)
            written = await write(self._pool, self._worker_id, batch.writing)
            overtaken = [ord_ for ord_ in range(len(settlements)) if ord_ not in written.operations]
            settled = [batch.settled(ord_) for ord_ in range(len(settlements))]
            if overtaken:
                again = await self._write_locked([settlements[ord_] for ord_ in overtaken])
                for ord_, result in zip(overtaken, again, strict=True):
                    settled[ord_] = result
        return settled

    async def _write_locked(self, settlements: Sequence[Settlement]) -> list[Settled]:
        async with self._pool.acquire() as connection, connection.transaction():
            owned = await self._owned(connection, settlements)
            ours = [one for one in settlements if one.held.operation_id in owned]
            trades = await lock_trades(connection, [_place(one.held) for one in ours])
            batch = Batch(
                [replace(one, held=replace(one.held, trade=trades.get(_place(one.held)))) for one in ours]
            )
            written = await write(connection, self._worker_id, batch.writing)
            assert len(written.operations) == len(ours), "locked rows were changed by somebody else"
            settled = {one.held.operation_id: batch.settled(ord_) for ord_, one in enumerate(ours)}
            return [settled.get(one.held.operation_id, LOST) for one in settlements]

    async def _owned(self, connection: Any, settlements: Sequence[Settlement]) -> set[int]:
        ids = [one.held.operation_id for one in settlements]
        rows = await connection.fetch(_LOCK_OPERATIONS, ids, self._worker_id)
        return {row["operation_id"] for row in rows}


async def lock_trades(connection: Any, places: Sequence[Place]) -> dict[Place, KnownTrade]:
    """Lock the trades at *places* until the transaction ends, always in the same order."""
    wanted = sorted(set(places))
    rows = await connection.fetch(
        _LOCK_TRADES, [merchant for merchant, _ in wanted], [code for _, code in wanted]
    )
    return {(row["merchant_id"], row["charge_code"]): trade_from(row) for row in rows}


class Batch:
    """Decides each settlement in turn, a later one on what an earlier one made of the same trade."""

    def __init__(self, settlements: Sequence[Settlement]) -> None:
        self.writing = Writing()
        self._held: list[Held] = []
        self._conclusions: list[Conclusion] = []
        self._known: dict[Place, KnownTrade] = {}
        self._trade_ords: dict[Place, int] = {}
        for ord_, settlement in enumerate(settlements):
            self._add(ord_, settlement)

    def settled(self, ord_: int) -> Settled:
        """Give what was decided about the settlement at *ord_*, provided it was written."""
        held, conclusion = self._held[ord_], self._conclusions[ord_]
        if conclusion.state is not OperationState.READY:
            return Settled(conclusion)
        operation = replace(held.operation, state=OperationState.READY)
        return Settled(conclusion, replace(held, operation=operation, trade=self._after(held), quiet_seconds=None))

    def _after(self, held: Held) -> KnownTrade | None:
        place = _place(held)
        known = self._known.get(place, held.trade)
        if known is None or place not in self._trade_ords:
            return known
        return KnownTrade(trade=known.trade, revision=known.revision + 1)

    def _add(self, ord_: int, settlement: Settlement) -> None:
        held = settlement.held
        known = self._known.get(_place(held), held.trade)
        conclusion = settlement.decide(held.operation, known.trade if known else None)
        self._held.append(held)
        self._conclusions.append(conclusion)
        trade_ord = self._write_trade(held, known, conclusion)
        announcements = _announcements(settlement, conclusion)
        for announcement in announcements:
            self.writing.events.append(EventWrite(announcement, held.traceparent, ord_, trade_ord))
        self.writing.operations.append(_operation_write(settlement, conclusion, announcements, trade_ord))

    def _write_trade(self, held: Held, known: KnownTrade | None, conclusion: Conclusion) -> int | None:
        """Give the number of the trade that has to be written with this operation, None if none has."""
        place = _place(held)
        if known is None or (conclusion.trade == known.trade and place not in self._trade_ords):
            return None
        trade = conclusion.trade or known.trade
        self._known[place] = KnownTrade(trade=trade, revision=known.revision)
        trade_ord = self._trade_ords.setdefault(place, len(self.writing.trades))
        self.writing.trades[trade_ord : trade_ord + 1] = [TradeWrite(trade, known.revision)]
        return trade_ord


def _place(held: Held) -> Place:
    return held.operation.merchant_id, held.operation.charge_code


def _operation_write(
    settlement: Settlement,
    conclusion: Conclusion,
    announcements: Sequence[Announcement],
    trade_ord: int | None,
) -> OperationWrite:
    outcome, operation = settlement.outcome, settlement.held.operation
    is_reply = settlement.sent and outcome.source is Source.REPLY
    return OperationWrite(
        operation_id=settlement.held.operation_id,
        state=conclusion.state.value,
        asked=0 if conclusion.state is OperationState.READY else operation.asked + 1,
        due_seconds=conclusion.due_seconds,
        reply_code=outcome.return_code if is_reply else None,
        return_code=outcome.return_code,
        reason=conclusion.reason or outcome.reason,
        answer_id=_answer_id(conclusion, announcements),
        quiet=settlement.sent,
        trade_ord=trade_ord,
    )


def _answer_id(conclusion: Conclusion, announcements: Sequence[Announcement]) -> str | None:
    """Give the event that answers the command: the one it caused, else the last one of its trade."""
    if conclusion.state in OPEN:
        return None
    if announcements:
        return announcements[-1].ce_id
    trade = conclusion.trade
    if trade is None or trade.version == 0:
        return None
    return f"{trade.merchant_id}/{trade.charge_code}/{trade.version}"


def _announcements(settlement: Settlement, conclusion: Conclusion) -> list[Announcement]:
    """Write the conclusion's events; the last one that has a version has the trade's."""
    versioned = [one for one in conclusion.happenings if one is not Happening.COMMAND_REJECTED]
    announcements = [
        announce(
            happening,
            replace(conclusion.trade, version=conclusion.trade.version - later),
            operation=settlement.held.operation,
            outcome=settlement.outcome,
        )
        for later, happening in zip(reversed(range(len(versioned))), versioned, strict=True)
        if conclusion.trade is not None
    ]
    if Happening.COMMAND_REJECTED in conclusion.happenings:
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
