"""The judge: what was announced on Kafka, held against what the gateway says that it did."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
import json
from typing import Any

from confluent_kafka import Message
from tests.e2e.system import System

MOVING = ("pay", "order", "refund", "cancel")


@dataclass(frozen=True)
class Event:
    """An event as a consumer sees it."""

    id: str
    type: str
    key: str
    content: bytes

    @property
    def value(self) -> dict[str, Any]:
        """Its JSON."""
        value: dict[str, Any] = json.loads(self.content)
        return value


def told(messages: Iterable[Message]) -> list[Event]:
    """Read messages of the events topic."""
    return [
        Event(
            dict(one.headers() or [])["ce_id"].decode(),
            dict(one.headers() or [])["ce_type"].decode(),
            (one.key() or b"").decode(),
            one.value() or b"",
        )
        for one in messages
    ]


def published(system: System) -> list[Event]:
    """Return what is on Kafka when the outbox is empty: everything that was ever announced."""
    system.until(lambda: system.count("outbox") == 0)
    wanted = {row["ce_id"] for row in system.query("SELECT ce_id FROM event")}
    topic = system.topics.trade_events
    return told(system.records(topic, until=lambda seen: wanted <= {one.id for one in told(seen)}))


def first_sights(events: list[Event]) -> list[Event]:
    """Leave out repeats, having checked that each has the bytes of the first."""
    seen: dict[str, Event] = {}
    for event in events:
        assert seen.setdefault(event.id, event) == event, "a repeat differs"
    return list(seen.values())


def of_trades(events: list[Event]) -> dict[str, list[Event]]:
    """Give the versioned events of each trade, having checked that versions are 1, 2, 3 ... in order."""
    trades: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if "version" in event.value:
            trades[event.key].append(event)
    for code, its in trades.items():
        assert [one.value["version"] for one in its] == list(range(1, len(its) + 1)), code
    return trades


def assert_coherent(system: System) -> dict[str, list[Event]]:
    """Hold everything against everything; give the events of each trade.

    Each effect once, each call once; the last event of a trade tells what the books tell; nothing is open.
    """
    books = system.get("sandbox", "/admin/books")
    trades = of_trades(first_sights(published(system)))
    assert system.count("operation WHERE answered_at IS NULL") == 0
    _assert_once(books)
    orders = {order["charge_code"]: order for order in books["orders"]}
    assert set(orders) <= set(trades)
    for code, events in trades.items():
        _assert_told(orders.get(code), events)
    return trades


def _assert_once(books: dict[str, Any]) -> None:
    effects = Counter(
        (one["kind"], one["refund_number"] or one["charge_code"])
        for one in books["effects"]
        if one["amount_fen"]
    )
    assert not [effect for effect, times in effects.items() if times > 1]
    calls = Counter(
        (one["operation"], one["refund_number"] or one["charge_code"])
        for one in books["calls"]
        if one["operation"] in MOVING
    )
    assert not [call for call, times in calls.items() if times > 1]


def _assert_told(order: dict[str, Any] | None, events: list[Event]) -> None:
    last, types = events[-1].value, {one.type for one in events}
    assert "trade.discrepancy" not in types
    if order is None:
        assert types == {"trade.declined"}, "announced, and never there"
        return
    assert last["refunded_fen"] == order["refunded_fen"]
    paid = order["paid_fen"] > 0
    assert (last["paid_fen"] > 0, "trade.paid" in types) == (paid, paid), events
    assert ("trade.revoked" in types) == (order["state"] == 2), events
    assert len([one for one in events if one.type == "refund.succeeded"]) == len(
        {one.value["out_refund_no"] for one in events if one.type == "refund.succeeded"}
    )
