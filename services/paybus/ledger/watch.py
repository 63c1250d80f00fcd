"""The watch: trades that have no open operation and are asked about all the same.

Whoever has answered an operation has told that in the ledger; `follow` reads on from where it stopped, so
nothing is asked of those who settle. A trade is taken in hand by moving its due time on: whoever dies with
it is followed by another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from paybus.contracts.event import announce
from paybus.ledger.automatic import refund_charge
from paybus.ledger.book import horizon
from paybus.ledger.errors import translated
from paybus.ledger.held import PAY_TRACEPARENT, TRADE_COLUMNS, KnownTrade, trade_from
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import Place, columns_of, lock_trades
from paybus.ledger.writing import EventWrite, TradeWrite, Writing, write
from paybus.telemetry.seam import Seam, reach
from paybus.trades.trade import Trade
from paybus.trades.watch import Lesson, Watch, watched_for

LEASE_SECONDS: Final = 60.0
"""For so long a trade is taken in hand, unless it is said otherwise: longer than an inquiry takes."""

_PROGRESS: Final = "SELECT answered_at, operation_id FROM watch_progress FOR UPDATE SKIP LOCKED"
# Refunds never make a trade wait, and a scanned code is asked about by its own pay.
_ANSWERED: Final = f"""
SELECT o.answered_at, o.operation_id, o.merchant_id, o.charge_code, {TRADE_COLUMNS}
FROM (
    SELECT * FROM operation WHERE (answered_at, operation_id) > ($1, $2) AND answered_at < $3
    ORDER BY answered_at, operation_id LIMIT $4
) AS o LEFT JOIN trade t
    ON (t.charge_code, t.merchant_id) = (o.charge_code, o.merchant_id)
   AND (o.kind = 'cancel' OR o.kind = 'pay' AND o.method <> 'barcode')
ORDER BY o.answered_at, o.operation_id
"""
_ADVANCE: Final = "UPDATE watch_progress SET answered_at = $1, operation_id = $2"
_ADD: Final = """
INSERT INTO watch (merchant_id, charge_code, reason, due_at)
SELECT DISTINCT ON (charge_code, merchant_id) merchant_id, charge_code, reason,
       now() + make_interval(secs => $4)
FROM unnest($1::text[], $2::text[], $3::text[]) AS i (merchant_id, charge_code, reason)
ORDER BY charge_code, merchant_id
ON CONFLICT (charge_code, merchant_id) DO UPDATE
    SET reason = excluded.reason, due_at = excluded.due_at, asked = 0 WHERE watch.reason <> excluded.reason
"""
_CLAIM: Final = f"""
WITH due AS (
    SELECT merchant_id, charge_code FROM watch WHERE due_at <= now()
    ORDER BY due_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE watch SET due_at = now() + make_interval(secs => $2) FROM due
    WHERE (watch.charge_code, watch.merchant_id) = (due.charge_code, due.merchant_id)
    RETURNING watch.*
)
SELECT c.merchant_id, c.charge_code, c.reason, c.asked, {TRADE_COLUMNS}, {PAY_TRACEPARENT}
FROM claimed c JOIN trade t USING (charge_code, merchant_id)
"""
_NOW: Final = """
INSERT INTO watch (merchant_id, charge_code, reason, due_at) VALUES ($1, $2, $3, now())
ON CONFLICT (charge_code, merchant_id) DO UPDATE SET due_at = now(), asked = 0
"""
_AGAIN: Final = """
UPDATE watch SET asked = asked + 1, due_at = now() + make_interval(secs => $3)
WHERE charge_code = $1 AND merchant_id = $2
"""
_END: Final = "DELETE FROM watch WHERE charge_code = $1 AND merchant_id = $2"
_ANNOUNCED: Final = "SELECT FROM event WHERE ce_id = $1 AND ce_type = 'trade.discrepancy'"
_COUNT: Final = "SELECT reason, count(*) FROM watch GROUP BY reason"

Decide = Callable[[Trade, bool], Lesson]
"""From the trade, and whether its last event is a discrepancy."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A trade that is to be asked about now, as it was when it was taken in hand."""

    trade: Trade
    watch: Watch
    asked: int
    traceparent: str | None = None

    @property
    def place(self) -> Place:
        """Which trade it is."""
        return self.trade.merchant_id, self.trade.charge_code


async def follow(pool: Pool, *, most: int, first_seconds: float) -> bool:
    """Put trades under watch whose operations were answered since the last time; say if there is more.

    Where another replica does so at this moment, nothing is done. Raises LedgerError.
    """
    until = (await horizon(pool)).complete_until
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            progress = await connection.fetchrow(_PROGRESS)
            if progress is None:
                return False
            rows = await connection.fetch(_ANSWERED, *progress, until, most)
            if not rows:
                return False
            await _add(connection, rows, first_seconds)
            await connection.execute(_ADVANCE, rows[-1]["answered_at"], rows[-1]["operation_id"])
    return len(rows) == most


async def claim_watched(pool: Pool, *, most: int, lease_seconds: float = LEASE_SECONDS) -> list[Watched]:
    """Take up to *most* watched trades that are due, the longest due first. Raises LedgerError.

    Each is due again when the lease is over.
    """
    with translated():
        rows = await pool.fetch(_CLAIM, most, lease_seconds)
    return [
        Watched(trade_from(row).trade, Watch(row["reason"]), row["asked"], row["traceparent"]) for row in rows
    ]


async def learn_of(
    pool: Pool, place: Place, decide: Decide, *, traceparent: str | None = None
) -> Lesson | None:
    """Write down what an inquiry taught us about the trade at *place*, and its events, in one transaction.

    *decide* is pure and given the trade as it is now. The events name *traceparent*, or else that of the pay.
    None if there is no such trade. Raises LedgerError.
    """
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            known = (await lock_trades(connection, [place])).get(place)
            if known is None:
                return None
            known = replace(known, traceparent=traceparent or known.traceparent)
            lesson = decide(known.trade, await _is_announced(connection, known.trade))
            await write_lesson(connection, known, lesson)
            if lesson.give_back:
                await refund_charge(connection, lesson.heard.trade, known.traceparent)
            await _schedule(connection, place, lesson.due_seconds)
            reach(Seam.INQUIRY_NOT_COMMITTED)
    reach(Seam.INQUIRY_COMMITTED)
    return lesson


async def watch_now(connection: Any, place: Place, watch: Watch) -> None:
    """Have the trade at *place* asked about at once, in the transaction of *connection*."""
    await connection.execute(_NOW, *place, watch.value)


async def watch_levels(pool: Pool) -> Mapping[Watch, int]:
    """Count the watched trades by why they are watched. Raises LedgerError."""
    with translated():
        counts = {Watch(row["reason"]): row["count"] for row in await pool.fetch(_COUNT)}
    return {watch: counts.get(watch, 0) for watch in Watch}


async def write_lesson(connection: Any, known: KnownTrade, lesson: Lesson) -> None:
    """Write the trade, whose row is locked, and its events, if the lesson changed anything."""
    after = lesson.heard.trade
    if after == known.trade:
        return
    happenings = lesson.heard.happenings
    writing = Writing(trades=[TradeWrite(after, known.revision)])
    for later, happening in zip(reversed(range(len(happenings))), happenings, strict=True):
        trade = replace(after, version=after.version - later)
        event = announce(happening, trade, operation=None, outcome=lesson.outcome)
        writing.events.append(EventWrite(event, known.traceparent, None, 0))
    written = await write(connection, None, writing)
    assert written.trades, "a locked trade was changed"


async def _is_announced(connection: Any, trade: Trade) -> bool:
    last = f"{trade.merchant_id}/{trade.charge_code}/{trade.version}"
    return await connection.fetchrow(_ANNOUNCED, last) is not None


async def _add(connection: Any, rows: Sequence[Mapping[str, Any]], first_seconds: float) -> None:
    trades = [trade_from(row).trade for row in rows if row["trade_state"] is not None]
    reasons = [(trade, watch) for trade in trades if (watch := watched_for(trade)) is not None]
    if reasons:
        places = [(trade.merchant_id, trade.charge_code) for trade, _ in reasons]
        await connection.execute(
            _ADD, *columns_of(places), [watch.value for _, watch in reasons], first_seconds
        )


async def _schedule(connection: Any, place: Place, due_seconds: float | None) -> None:
    merchant_id, charge_code = place
    if due_seconds is None:
        await connection.execute(_END, charge_code, merchant_id)
    else:
        await connection.execute(_AGAIN, charge_code, merchant_id, due_seconds)
