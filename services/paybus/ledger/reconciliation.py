"""Days that are compared with the gateway's own list: which were, what differed, and that it is told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Final

from paybus.contracts.event import CallbackUnmatched, unmatched
from paybus.ledger.announcement import publish
from paybus.ledger.errors import translated
from paybus.ledger.held import TRADE_COLUMNS, trade_from
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import lock_trades
from paybus.ledger.watch import watch_now, write_lesson
from paybus.trades.money import Fen
from paybus.trades.outcome import Outcome, Source, Verdict
from paybus.trades.trade import Trade, contradict
from paybus.trades.watch import Lesson, watched_for

LEASE_MINUTES: Final = 30
"""A run that has not ended by then died: the next one begins anew."""

_BEGUN: Final = f"""
SELECT t.merchant_id, t.charge_code, {TRADE_COLUMNS}
FROM trade t WHERE t.created_at >= $2 AND t.created_at < $3 AND t.merchant_id = $1
"""
_KNOWN: Final = f"""
SELECT t.merchant_id, t.charge_code, {TRADE_COLUMNS}
FROM trade t JOIN unnest($2::text[]) AS i (charge_code) USING (charge_code) WHERE t.merchant_id = $1
"""
_BEGIN: Final = """
INSERT INTO reconciliation (business_day, merchant_id) VALUES ($1, $2)
ON CONFLICT (business_day, merchant_id) DO UPDATE SET started_at = now()
    WHERE reconciliation.finished_at IS NULL
      AND reconciliation.started_at < now() - make_interval(mins => $3)
RETURNING business_day
"""
_END: Final = """
UPDATE reconciliation SET finished_at = now(), matched = $3, open = $4, breaks = $5
WHERE business_day = $1 AND merchant_id = $2
"""
_NEW: Final = """
INSERT INTO reconciliation_break (business_day, merchant_id, charge_code, break, our_state, their_state,
                                  our_amount_fen, their_amount_fen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING break
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """One difference, as the ledger keeps it; of what is missing on a side, its values are None."""

    business_day: date
    merchant_id: str
    charge_code: str
    kind: str
    our_state: str | None
    their_state: int | None
    our_amount_fen: int | None
    their_amount_fen: int | None
    down_code: str | None = None


async def trades_begun(pool: Pool, merchant_id: str, begin: datetime, end: datetime) -> list[Trade]:
    """Give the merchant's trades that were accepted from *begin* until before *end*. Raises LedgerError."""
    with translated():
        return [trade_from(row).trade for row in await pool.fetch(_BEGUN, merchant_id, begin, end)]


async def trades_known(pool: Pool, merchant_id: str, charge_codes: Sequence[str]) -> dict[str, Trade]:
    """Give those of the merchant's trades that we know, by charge code. Raises LedgerError."""
    with translated():
        rows = await pool.fetch(_KNOWN, merchant_id, list(charge_codes))
    return {row["charge_code"]: trade_from(row).trade for row in rows}


async def begin_day(pool: Pool, day: date, merchant_id: str) -> bool:
    """Take a day to compare; False if it was compared, or another one is at it. Raises LedgerError."""
    with translated():
        return await pool.fetchrow(_BEGIN, day, merchant_id, LEASE_MINUTES) is not None


async def end_day(pool: Pool, day: date, merchant_id: str, counts: tuple[int, int, int]) -> None:
    """Note that a day was compared, and how many trades matched, are open, and differ. Raises LedgerError."""
    with translated():
        await pool.execute(_END, day, merchant_id, *counts)


async def announce_break(pool: Pool, row: BreakRow) -> bool:
    """Keep a difference and announce it, once; say whether that is new. Raises LedgerError.

    A trade of ours gets a `trade.discrepancy`, and is asked about at once if anything can be learnt of it.
    One that we do not know is told of like a callback for it: `callback.unmatched`.
    """
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(_NEW, *_columns(row)) is None:
                return False
            if row.our_state is None:
                await _tell_of_stranger(connection, row)
            else:
                await _tell_of_ours(connection, row)
    return True


async def _tell_of_ours(connection: Any, row: BreakRow) -> None:
    place = (row.merchant_id, row.charge_code)
    known = (await lock_trades(connection, [place])).get(place)
    assert known is not None, "trades are never deleted"
    outcome = Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, reason=row.kind)
    await write_lesson(connection, known, Lesson(outcome, contradict(known.trade), None))
    watch = watched_for(known.trade)
    if watch is not None:
        await watch_now(connection, place, watch)


async def _tell_of_stranger(connection: Any, row: BreakRow) -> None:
    if not row.charge_code:  # nothing by which anybody could know it
        return
    event = CallbackUnmatched(
        merchant_id=row.merchant_id,
        charge_code=row.charge_code,
        gateway_state=-1 if row.their_state is None else row.their_state,
        amount_fen=Fen(row.their_amount_fen or 0),
        down_code=row.down_code,
    )
    meaning = f"{row.business_day}/{event.gateway_state}/{event.amount_fen}/{event.down_code}"
    digest = blake2b(meaning.encode(), digest_size=16).hexdigest()
    await publish(connection, [unmatched(event, digest=digest)])


def _columns(row: BreakRow) -> tuple[Any, ...]:
    return (
        row.business_day,
        row.merchant_id,
        row.charge_code,
        row.kind,
        row.our_state,
        row.their_state,
        row.our_amount_fen,
        row.their_amount_fen,
    )
