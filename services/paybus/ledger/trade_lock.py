"""Locking trades, always in the same order, so that nobody waits for somebody who waits for him."""

from collections.abc import Sequence
from typing import Any, Final

from paybus.ledger.held import PAY_TRACEPARENT, TRADE_COLUMNS, KnownTrade, trade_from

Place = tuple[str, str]
"""Which trade: merchant and charge code."""

_LOCK: Final = f"""
SELECT t.merchant_id, t.charge_code, {TRADE_COLUMNS}, {PAY_TRACEPARENT}
FROM trade t JOIN unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code)
     USING (merchant_id, charge_code)
ORDER BY t.charge_code, t.merchant_id FOR NO KEY UPDATE OF t
"""


async def lock_trades(connection: Any, places: Sequence[Place]) -> dict[Place, KnownTrade]:
    """Lock the trades at *places* until the transaction ends; those we do not know are left out."""
    rows = await connection.fetch(_LOCK, *columns_of(set(places)))
    return {
        (row["merchant_id"], row["charge_code"]): trade_from(row, traceparent=row["traceparent"])
        for row in rows
    }


def columns_of(places: "Sequence[Place] | set[Place]") -> tuple[list[str], list[str]]:
    """Give the merchants and the charge codes of *places*, for a statement's arrays."""
    return [merchant_id for merchant_id, _ in places], [charge_code for _, charge_code in places]
