"""Callbacks: kept as they came, applied to their trades, and announced, in one transaction a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from paybus.contracts.event import Announcement, CallbackUnmatched, announce, unmatched
from paybus.ledger.announcement import publish
from paybus.ledger.errors import translated
from paybus.ledger.held import KnownTrade
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Place, lock_trades
from paybus.ledger.writing import EventWrite, TradeWrite, Writing, write
from paybus.trades.notice import Receipt, notice
from paybus.trades.outcome import Facts, Outcome, Source, Verdict

_SEEN: Final = """
SELECT merchant_id, charge_code, digest
FROM callback JOIN unnest($1::text[], $2::text[], $3::bytea[]) AS i (merchant_id, charge_code, digest)
     USING (merchant_id, charge_code, digest)
"""
_KEEP: Final = """
INSERT INTO callback (merchant_id, charge_code, digest, receipt, gateway_state, amount_fen, body, times)
SELECT merchant_id, charge_code, digest,
       coalesce(min(receipt) FILTER (WHERE receipt <> 'duplicate'), 'duplicate'),
       min(gateway_state), min(amount_fen), (array_agg(body))[1], count(*)
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::bigint[], $7::bytea[])
     AS i (merchant_id, charge_code, digest, receipt, gateway_state, amount_fen, body)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (merchant_id, charge_code, digest)
DO UPDATE SET times = callback.times + excluded.times, last_at = now()
"""
# An operation that still waits for an answer is asked about now: the gateway has one.
_ASK_NOW: Final = """
UPDATE operation SET due_at = now()
FROM unnest($1::text[], $2::text[]) AS i (merchant_id, charge_code)
WHERE operation.merchant_id = i.merchant_id AND kind = 'pay' AND key = i.charge_code AND due_at > now()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A callback whose sign was right. `digest` stands for its meaning, `body` is the plain text as sent."""

    merchant_id: str
    charge_code: str
    digest: bytes
    facts: Facts
    body: bytes

    @property
    def place(self) -> Place:
        """Which trade it is about."""
        return self.merchant_id, self.charge_code


async def receive(pool: Pool, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Keep and apply a batch; returns when SUCCESS may be answered: it is durable. Raises LedgerError."""
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            trades = await lock_trades(connection, [delivery.place for delivery in deliveries])
            seen = await _seen(connection, deliveries)
            batch = _Batch(deliveries, trades, seen)
            written = await write(connection, None, batch.writing)
            assert len(written.trades) == len(batch.writing.trades), "a locked trade was changed"
            await _keep(connection, deliveries, batch.receipts)
            places = {delivery.place for delivery in deliveries}
            await connection.execute(_ASK_NOW, [place[0] for place in places], [place[1] for place in places])
        # Not known here, and perhaps asked for in a moment: kept, and said so. A crash before this line
        # leaves the callback unanswered, and the gateway repeats it.
        if batch.unmatched:
            await publish(pool, batch.unmatched)
    return batch.receipts


class _Batch:
    """Decides each callback in turn, a later one on what an earlier one made of the same trade."""

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        trades: dict[Place, KnownTrade],
        seen: set[tuple[str, str, bytes]],
    ) -> None:
        self.writing = Writing()
        self.receipts: list[Receipt] = []
        self.unmatched: list[Announcement] = []
        self._trades = trades
        self._trade_ords: dict[Place, int] = {}
        self._seen = seen
        for delivery in deliveries:
            self.receipts.append(self._receive(delivery))

    def _receive(self, delivery: Delivery) -> Receipt:
        identity = (*delivery.place, delivery.digest)
        repeated = identity in self._seen
        self._seen.add(identity)
        known = self._trades.get(delivery.place)
        if known is None:
            self.unmatched.append(_unmatched(delivery))
            return Receipt.DUPLICATE if repeated else Receipt.UNMATCHED
        if repeated:
            return Receipt.DUPLICATE
        receipt, heard = notice(known.trade, delivery.facts)
        if heard is not None and heard.trade != known.trade:
            self._trades[delivery.place] = KnownTrade(trade=heard.trade, revision=known.revision)
            trade_ord = self._trade_ords.setdefault(delivery.place, len(self.writing.trades))
            self.writing.trades[trade_ord : trade_ord + 1] = [TradeWrite(heard.trade, known.revision)]
            for happening in heard.happenings:
                event = announce(happening, heard.trade, operation=None, outcome=_outcome(delivery))
                self.writing.events.append(EventWrite(event, None, None, trade_ord))
        return receipt


def _outcome(delivery: Delivery) -> Outcome:
    return Outcome(verdict=Verdict.EXECUTED, source=Source.CALLBACK, facts=delivery.facts)


def _unmatched(delivery: Delivery) -> Announcement:
    facts = delivery.facts
    event = CallbackUnmatched(
        merchant_id=delivery.merchant_id,
        charge_code=delivery.charge_code,
        gateway_state=facts.gateway_state if facts.gateway_state is not None else -1,
        amount_fen=facts.amount_fen or 0,
        down_code=facts.down_code,
    )
    return unmatched(event, digest=delivery.digest.hex())


async def _seen(connection: Any, deliveries: Sequence[Delivery]) -> set[tuple[str, str, bytes]]:
    rows = await connection.fetch(_SEEN, *_identities(deliveries))
    return {(row["merchant_id"], row["charge_code"], row["digest"]) for row in rows}


async def _keep(connection: Any, deliveries: Sequence[Delivery], receipts: Sequence[Receipt]) -> None:
    await connection.execute(
        _KEEP,
        *_identities(deliveries),
        [receipt.value for receipt in receipts],
        [delivery.facts.gateway_state for delivery in deliveries],
        [delivery.facts.amount_fen for delivery in deliveries],
        [delivery.body for delivery in deliveries],
    )


def _identities(deliveries: Sequence[Delivery]) -> tuple[list[str], list[str], list[bytes]]:
    return (
        [delivery.merchant_id for delivery in deliveries],
        [delivery.charge_code for delivery in deliveries],
        [delivery.digest for delivery in deliveries],
    )
