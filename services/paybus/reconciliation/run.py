"""One day of one merchant: both lists read, compared, and every difference looked at a second time."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from paybus.ledger.pool import Pool
from paybus.ledger.reconciliation import BreakRow, announce_break, trades_begun, trades_known
from paybus.reconciliation.comparison import Break, Comparison, Difference, compare, judge
from paybus.reconciliation.day import BusinessDay
from paybus.reconciliation.statement import Lists, Noted, ask_again, read_statement

MOST_LOOKED_AT: Final = 1_000
"""Differences that are asked about singly: more are no accident of the moment."""

_MOST_CODES: Final = 5_000  # in one statement


@dataclass(frozen=True, slots=True)
class Report:
    """A day of a merchant, compared."""

    business_day: date
    merchant_id: str
    comparison: Comparison

    @property
    def rows(self) -> list[BreakRow]:
        """Give the differences as they are kept and printed."""
        return [_row(self.business_day, one) for one in self.comparison.differences]


async def compare_day(pool: Pool, client: Lists, day: BusinessDay, *, noted: Noted) -> Report:
    """Compare one day; nothing is written. Raises StatementError or LedgerError."""
    merchant_id = client.merchant.merchant_id
    shown = await read_statement(client, day, noted=noted)
    # Ours are read after theirs: what is settled in between is an agreement, not a break.
    known = {}
    codes = [one.charge_code for one in shown]
    for begin in range(0, len(codes), _MOST_CODES):
        known.update(await trades_known(pool, merchant_id, codes[begin : begin + _MOST_CODES]))
    begun = await trades_begun(pool, merchant_id, day.begin, day.end)
    compared = compare(merchant_id, day, begun=begun, known=known, shown=shown)
    return Report(day.date, merchant_id, await _looked_at_again(pool, client, compared))


async def announce(pool: Pool, report: Report) -> int:
    """Announce what differs, each once; say how much of it is new. Raises LedgerError."""
    return sum([await announce_break(pool, row) for row in report.rows])


async def _looked_at_again(pool: Pool, client: Lists, compared: Comparison) -> Comparison:
    """Take out what differed only because it was looked at in two moments."""
    first, rest = compared.differences[:MOST_LOOKED_AT], compared.differences[MOST_LOOKED_AT:]
    again = [await _second_look(pool, client, one) for one in first]
    standing = (*(one for one in again if one is not None), *rest)
    settled = len(compared.differences) - len(standing)
    return replace(compared, matched=compared.matched + settled, differences=standing)


async def _second_look(pool: Pool, client: Lists, difference: Difference) -> Difference | None:
    if difference.kind is Break.MISSING_HERE:  # what we have not now, we were not asked for
        return difference
    answered, shown = await ask_again(client, difference.charge_code)
    if not answered:
        return difference
    known = await trades_known(pool, difference.merchant_id, [difference.charge_code])
    trade = known.get(difference.charge_code)
    kind = judge(trade, shown)
    return None if kind is None else replace(difference, kind=kind, trade=trade, shown=shown)


def _row(day: date, difference: Difference) -> BreakRow:
    trade, shown = difference.trade, difference.shown
    return BreakRow(
        business_day=day,
        merchant_id=difference.merchant_id,
        charge_code=difference.charge_code,
        kind=difference.kind.value,
        our_state=trade.state.value if trade else None,
        their_state=shown.state if shown else None,
        our_amount_fen=trade.amount_fen if trade else None,
        their_amount_fen=shown.amount_fen if shown else None,
        down_code=shown.down_code if shown else None,
    )
