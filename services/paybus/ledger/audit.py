"""The ledger read whole, to be compared with Kafka and with the gateway's books."""

from collections.abc import Mapping
from typing import Any, Final

from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool

_OPERATIONS: Final = """
SELECT merchant_id, kind, key, charge_code, state, fingerprint, answer_id FROM operation ORDER BY operation_id
"""
_TRADES: Final = """
SELECT merchant_id, charge_code, paid_fen, refunded_fen, reserved_fen FROM trade
ORDER BY charge_code, merchant_id
"""


async def every_operation(pool: Pool) -> list[Mapping[str, Any]]:
    """Give every accepted command: who, what, how far, and which event answered it. Raises LedgerError."""
    with translated():
        return [dict(row) for row in await pool.fetch(_OPERATIONS)]


async def every_trade(pool: Pool) -> list[Mapping[str, Any]]:
    """Give the money of every trade, in fen. Raises LedgerError."""
    with translated():
        return [dict(row) for row in await pool.fetch(_TRADES)]
