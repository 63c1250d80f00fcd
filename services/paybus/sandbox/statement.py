"""The books as JSON, a piece at a time: they may be larger than the memory that is left.

The shape of `GET /admin/books` (times are Unix seconds, money is fen):

    {"orders":    [{"merchant_id", "charge_code", "down_code", "third_code", "state", "amount_fen",
                    "paid_fen", "refunded_fen", "reserved_fen", "returned_fen", "channel_type",
                    "scanned", "call", "begun_at", "ended_at"}],
     "refunds":   [{"merchant_id", "charge_code", "refund_number", "amount_fen", "state", "call",
                    "begun_at", "ended_at"}],
     "effects":   [{"kind", "merchant_id", "charge_code", "refund_number", "amount_fen", "at", "cause"}],
     "calls":     [{"number", "operation", "merchant_id", "charge_code", "refund_number", "at",
                    "answered_at", "answer_code", "fault"}],
     "callbacks": [{"merchant_id", "charge_code", "kind", "attempt", "at", "status", "error"}],
     "requests":  {"pay": 3, ...},
     "refusals":  {"SERIAL_REPEAT": 1, ...}}

`effects.kind` is charge, refund, revocation or expiry (0 fen); `cause` is the number of the call, or
"customer" or "expiry". `calls` has every call of pay, order, refund and cancel whose sign was right,
so "calls that could move money" are its lines; `answer_code` is what the gateway decided (null while
it waits), and with a `fault` the caller did not see it. `requests` counts all requests by operation,
`refusals` by return code those that were refused before they became calls. `callbacks.kind` is genuine,
duplicate, replayed, forged, out_of_order or wrong_amount.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from paybus.sandbox.books import Books
from paybus.sandbox.order import Order, Refund

PARTS: Final = ("orders", "refunds", "effects", "calls", "callbacks")
_PIECE: Final = 1000  # lines, some 200 KB


def write_statement(books: Books, parts: Sequence[str] = PARTS) -> Iterator[bytes]:
    """Write the *parts* of the books as they are now; what is added meanwhile is left out."""
    lines: Mapping[str, Sequence[Any]] = {
        "orders": books.orders,
        "refunds": books.refunds,
        "effects": books.effects,
        "calls": books.calls,
        "callbacks": books.callbacks,
    }
    sizes = {part: len(lines[part]) for part in parts}
    yield b"{"
    for part in parts:
        yield b'"%s":[' % part.encode()
        yield from _pieces(lines[part], sizes[part], _WRITERS.get(part))
        yield b"],"
    yield b'"requests":%s,' % orjson.dumps(dict(books.requests))
    yield b'"refusals":%s}' % orjson.dumps(dict(books.refusals))


def _pieces(lines: Sequence[Any], size: int, write: Callable[[Any], Any] | None) -> Iterator[bytes]:
    for start in range(0, size, _PIECE):
        piece = lines[start : min(start + _PIECE, size)]
        # orjson writes the plain entries, which are dataclasses, by itself.
        written = orjson.dumps(piece if write is None else [write(line) for line in piece])[1:-1]
        yield written if start == 0 else b"," + written


def _order(order: Order) -> dict[str, Any]:
    wish = order.wish
    return {
        "merchant_id": wish.merchant_id,
        "charge_code": wish.charge_code,
        "down_code": order.down_code,
        "third_code": order.third_code,
        "state": order.state.value,
        "amount_fen": wish.amount_fen,
        "paid_fen": order.paid_fen,
        "refunded_fen": order.refunded_fen,
        "reserved_fen": order.reserved_fen,
        "returned_fen": order.returned_fen,
        "channel_type": wish.channel_type,
        "scanned": wish.scanned,
        "call": order.call,
        "begun_at": order.begun_at,
        "ended_at": order.ended_at,
    }


def _refund(refund: Refund) -> dict[str, Any]:
    merchant_id, charge_code = refund.order.key
    return {
        "merchant_id": merchant_id,
        "charge_code": charge_code,
        "refund_number": refund.number,
        "amount_fen": refund.amount_fen,
        "state": refund.state.value,
        "call": refund.call,
        "begun_at": refund.begun_at,
        "ended_at": refund.ended_at,
    }


_WRITERS: Final[Mapping[str, Callable[[Any], Any]]] = {"orders": _order, "refunds": _refund}
