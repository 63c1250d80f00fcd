"""Callbacks on their way into the ledger, decided: what each does to its trade, and what is announced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paybus.contracts.event import Announcement, CallbackUnmatched, unmatched
from paybus.ledger.announcement import announce_all
from paybus.ledger.held import KnownTrade
from paybus.ledger.trade_lock import Place
from paybus.ledger.writing import EventWrite, TradeWrite, Writing
from paybus.telemetry.trace import Span
from paybus.trades.notice import Receipt, notice
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.trade import Heard

Seen = tuple[str, str, bytes]
"""Merchant, charge code and digest of a callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A callback whose sign was right. `digest` stands for its meaning, `body` is the plain text as sent.

    `span` is the work on it: it is placed in the trace of its trade, which only the ledger knows.
    """

    merchant_id: str
    charge_code: str
    digest: bytes
    facts: Facts
    body: bytes
    span: Span | None = None

    @property
    def place(self) -> Place:
        """Which trade it is about."""
        return self.merchant_id, self.charge_code


class Deliveries:
    """Decides each callback in turn, a later one on what an earlier one made of the same trade.

    *trades* are those that are known, locked; *seen* are the callbacks that were received before.
    """

    def __init__(
        self, deliveries: Sequence[Delivery], trades: dict[Place, KnownTrade], seen: set[Seen]
    ) -> None:
        self.writing = Writing()
        self.unmatched: list[Announcement] = []
        self.trades = trades
        """As they are after it; those that were written have the revision of that write."""
        self._trade_ords: dict[Place, int] = {}
        self._seen = seen
        self.receipts = [self._receive(delivery) for delivery in deliveries]

    def _receive(self, delivery: Delivery) -> Receipt:
        known = self.trades.get(delivery.place)
        traceparent = _placed(delivery, known)
        identity = (*delivery.place, delivery.digest)
        if identity in self._seen:
            return Receipt.DUPLICATE
        self._seen.add(identity)
        receipt, heard = notice(known.trade if known else None, delivery.facts)
        if known is None:
            self.unmatched.append(_unmatched(delivery))
        elif heard is not None and heard.trade != known.trade:
            self._move(delivery, known, heard, traceparent)
        return receipt

    def _move(self, delivery: Delivery, known: KnownTrade, heard: Heard, traceparent: str | None) -> None:
        place = delivery.place
        read_revision = known.revision - (place in self._trade_ords)
        trade_ord = self._trade_ords.setdefault(place, len(self.writing.trades))
        self.writing.trades[trade_ord : trade_ord + 1] = [TradeWrite(heard.trade, read_revision)]
        self.trades[place] = replace(known, trade=heard.trade, revision=read_revision + 1)
        outcome = Outcome(verdict=Verdict.EXECUTED, source=Source.CALLBACK, facts=delivery.facts)
        for event in announce_all(heard.happenings, heard.trade, operation=None, outcome=outcome):
            self.writing.events.append(EventWrite(event, traceparent, None, trade_ord))


def _placed(delivery: Delivery, known: KnownTrade | None) -> str | None:
    """Give the place in the trace that the events of a callback name."""
    traceparent = None if known is None else known.traceparent
    return traceparent if delivery.span is None else delivery.span.place_in(traceparent)


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
