"""Callbacks that came before their pay: they were kept, and are applied once somebody asks for the pay.

Whoever writes one side looks for the other afterwards: accept() for callbacks, receive() for trades. So
whichever of the two commits later finds what the other wrote.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from paybus.ledger.delivery import Deliveries, Delivery
from paybus.ledger.errors import translated
from paybus.ledger.held import KnownTrade
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import Place, columns_of, lock_trades
from paybus.ledger.writing import write
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts

_ANY: Final = "SELECT EXISTS (SELECT FROM callback WHERE receipt = 'unmatched')"
_PLACES: Final = """
SELECT DISTINCT merchant_id, charge_code FROM unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code)
WHERE EXISTS (
    SELECT FROM callback c
    WHERE (c.charge_code, c.merchant_id) = (i.charge_code, i.merchant_id) AND receipt = 'unmatched' OFFSET 0)
"""
# Locked in the order in which receive() writes them.
_KEPT: Final = """
SELECT merchant_id, charge_code, digest, gateway_state, amount_fen, down_code, third_code, channel_type, body,
       first_at
FROM callback JOIN unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code)
     USING (charge_code, merchant_id)
WHERE receipt = 'unmatched' ORDER BY charge_code, merchant_id, digest FOR NO KEY UPDATE OF callback
"""
_MATCHED: Final = """
UPDATE callback SET receipt = i.receipt
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) AS i (merchant_id, charge_code, digest, receipt)
WHERE (callback.charge_code, callback.merchant_id, callback.digest) = (i.charge_code, i.merchant_id, i.digest)
"""


async def match_unmatched(pool: Pool, places: Sequence[Place]) -> dict[Place, KnownTrade]:
    """Apply what was kept for *places* to the trades that are known by now; give those trades as they are.

    Where nothing was kept, which is nearly always, it is one look at an almost empty index.
    Raises LedgerError.
    """
    with translated():
        if not await pool.fetchval(_ANY):  # needs no planning, unlike the next
            return {}
        rows = await pool.fetch(_PLACES, *columns_of(places))
        if not rows:
            return {}
        async with pool.acquire() as connection, connection.transaction():
            trades = await lock_trades(connection, [(row["merchant_id"], row["charge_code"]) for row in rows])
            return await _apply(connection, trades) if trades else {}


async def _apply(connection: Any, trades: dict[Place, KnownTrade]) -> dict[Place, KnownTrade]:
    # Read after the trades were locked: another one who matches them has finished.
    rows = await connection.fetch(_KEPT, *columns_of(list(trades)))
    kept = [_delivery(row) for row in sorted(rows, key=lambda row: row["first_at"])]
    decided = Deliveries(kept, trades, set())
    written = await write(connection, None, decided.writing)
    assert len(written.trades) == len(decided.writing.trades), "a locked trade was changed"
    await connection.execute(
        _MATCHED,
        *columns_of([one.place for one in kept]),
        [one.digest for one in kept],
        [receipt.value for receipt in decided.receipts],
    )
    return decided.trades


def _delivery(row: Mapping[str, Any]) -> Delivery:
    amount_fen = row["amount_fen"]
    facts = Facts(
        down_code=row["down_code"],
        third_code=row["third_code"],
        channel_type=row["channel_type"],
        amount_fen=None if amount_fen is None else Fen(amount_fen),
        gateway_state=row["gateway_state"],
    )
    return Delivery(
        merchant_id=row["merchant_id"],
        charge_code=row["charge_code"],
        digest=row["digest"],
        facts=facts,
        body=row["body"],
    )
