"""Callbacks: kept as they came, applied to their trades, and announced, in one transaction a batch."""

from collections.abc import Sequence
from typing import Any, Final

from paybus.ledger.announcement import publish
from paybus.ledger.delivery import Deliveries, Delivery, Seen
from paybus.ledger.errors import translated
from paybus.ledger.matching import match_unmatched
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import columns_of, lock_trades
from paybus.ledger.writing import write
from paybus.telemetry.seam import Seam, reach
from paybus.trades.notice import Receipt

__all__ = ["Delivery", "receive"]

_KEPT: Final = Receipt.UNMATCHED.value
_SEEN: Final = """
SELECT merchant_id, charge_code, digest, receipt
FROM callback JOIN unnest($1::text[], $2::text[], $3::bytea[]) AS i (merchant_id, charge_code, digest)
     USING (charge_code, merchant_id, digest)
"""
# A repeat is counted; what became of the first stands. In one batch, the first is the first in the arrays.
_KEEP: Final = """
INSERT INTO callback (merchant_id, charge_code, digest, receipt, gateway_state, amount_fen, down_code,
                      third_code, channel_type, body, times)
SELECT merchant_id, charge_code, digest, (array_agg(receipt ORDER BY place))[1], min(gateway_state),
       min(amount_fen), min(down_code), min(third_code), min(channel_type),
       (array_agg(body ORDER BY place))[1], count(*)
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[],
            $9::int[], $10::bytea[])
    WITH ORDINALITY AS i (merchant_id, charge_code, digest, receipt, gateway_state, amount_fen, down_code,
                          third_code, channel_type, body, place)
GROUP BY charge_code, merchant_id, digest ORDER BY charge_code, merchant_id, digest
ON CONFLICT (charge_code, merchant_id, digest)
DO UPDATE SET times = callback.times + excluded.times, last_at = now()
"""
# A pay that still waits for an answer is asked about now: the gateway has one. What somebody takes at this
# moment is asked about anyway, and must not be waited for: he may wait for the trade, which is locked here.
# (With coalesce it cannot be looked for among everything that is due.)
_ASK_NOW: Final = """
WITH waiting AS (
    SELECT operation_id AS waiting_id
    FROM unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code), LATERAL (
        SELECT operation_id FROM operation
        WHERE (operation.merchant_id, kind, key) = (i.merchant_id, 'pay', i.charge_code)
          AND coalesce(due_at, '-infinity') > now()
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS pay
)
UPDATE operation SET due_at = now() FROM waiting WHERE operation_id = waiting_id
"""


async def receive(pool: Pool, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Keep and apply a batch; returns when SUCCESS may be answered: it is durable. Raises LedgerError."""
    places = sorted({delivery.place for delivery in deliveries})
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            trades = await lock_trades(connection, places)
            seen = await _seen(connection, deliveries)
            decided = Deliveries(deliveries, trades, set(seen))
            written = await write(connection, None, decided.writing)
            assert len(written.trades) == len(decided.writing.trades), "a locked trade was changed"
            await _keep(connection, deliveries, decided.receipts)
            await connection.execute(_ASK_NOW, *columns_of(places))
            if decided.unmatched:
                await publish(connection, decided.unmatched)
            reach(Seam.CALLBACK_WRITTEN)
    # Perhaps it was asked for while we were writing; or he who wrote it before us got no further than that.
    strangers = {place for place in places if place not in trades}
    strangers.update((merchant, code) for (merchant, code, _), receipt in seen.items() if receipt == _KEPT)
    if strangers:
        await match_unmatched(pool, sorted(strangers))
    return decided.receipts


async def _seen(connection: Any, deliveries: Sequence[Delivery]) -> dict[Seen, str]:
    rows = await connection.fetch(_SEEN, *_identities(deliveries))
    return {(row["merchant_id"], row["charge_code"], row["digest"]): row["receipt"] for row in rows}


async def _keep(connection: Any, deliveries: Sequence[Delivery], receipts: Sequence[Receipt]) -> None:
    facts = [delivery.facts for delivery in deliveries]
    await connection.execute(
        _KEEP,
        *_identities(deliveries),
        [receipt.value for receipt in receipts],
        [one.gateway_state for one in facts],
        [one.amount_fen for one in facts],
        [one.down_code for one in facts],
        [one.third_code for one in facts],
        [one.channel_type for one in facts],
        [delivery.body for delivery in deliveries],
    )


def _identities(deliveries: Sequence[Delivery]) -> tuple[list[str], list[str], list[bytes]]:
    merchant_ids, charge_codes = columns_of([delivery.place for delivery in deliveries])
    return merchant_ids, charge_codes, [delivery.digest for delivery in deliveries]
