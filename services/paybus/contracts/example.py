"""One example of every message, made with the models and so always of their shape."""

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from paybus.contracts.call import GatewayCall
from paybus.contracts.command import CancelCommand, GoodsLine, PayCommand, RefundCommand
from paybus.contracts.dead_letter import DeadLetterHeaders
from paybus.contracts.event import EVENTS
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

_MERCHANT, _CODE, _REFUND = "0010000001", "20260131080000000001", "R20260131080000000001"
_GATEWAY: Final[dict[str, Any]] = {"down_code": "1435736619488", "channel_type": 1, "return_code": "SUCCESS"}

COMMAND_EXAMPLES: Final[dict[Kind, tuple[Struct, ...]]] = {
    Kind.PAY: (
        PayCommand(
            merchant_id=_MERCHANT,
            charge_code=_CODE,
            method="barcode",
            amount_fen=15800,
            subject="Coffee beans",
            auth_code="280000000000000001",
            oper_id="oper01",
            dev_id="till02",
            expires_at=datetime(2026, 1, 31, 8, 1, 20, tzinfo=UTC),
        ),
        PayCommand(
            merchant_id=_MERCHANT,
            charge_code=_CODE,
            method="native",
            amount_fen=15800,
            subject="Coffee beans",
            channel_type=1,
            goods=(
                GoodsLine(
                    goods_id="2010",
                    name="Coffee beans",
                    category="Groceries",
                    price_fen=7900,
                    subject="Arabica, 1 kg",
                    quantity=2,
                ),
            ),
        ),
        PayCommand(
            merchant_id=_MERCHANT,
            charge_code=_CODE,
            method="jsapi",
            amount_fen=1,
            subject="Coffee beans",
            channel_type=2,
            sub_openid="oTESTOPENID0000000000000000",
        ),
    ),
    Kind.REFUND: (
        RefundCommand(
            merchant_id=_MERCHANT,
            charge_code=_CODE,
            out_refund_no=_REFUND,
            amount_fen=5000,
            subject="One bag returned",
        ),
    ),
    Kind.CANCEL: (
        CancelCommand(merchant_id=_MERCHANT, charge_code=_CODE),
        CancelCommand(merchant_id=_MERCHANT, charge_code=_CODE, method="application"),
    ),
}
CALL_EXAMPLES: Final = (
    GatewayCall(
        operation="pay",
        kind="pay",
        merchant_id=_MERCHANT,
        charge_code=_CODE,
        key=_CODE,
        verdict="executed",
        return_code="SUCCESS",
        http_status=200,
        at_ms=1769846400000,
        duration_us=412_345,
    ),
    GatewayCall(
        operation="refund",
        kind="refund",
        merchant_id=_MERCHANT,
        charge_code=_CODE,
        key=_REFUND,
        verdict="unknown",
        error="ReplyTimeoutError",
        at_ms=1769846400000,
        duration_us=15_000_000,
    ),
)
DEAD_LETTER_EXAMPLES: Final = (
    DeadLetterHeaders(
        topic="paybus.refund.commands.v1",
        partition="3",
        offset="48151623",
        timestamp="1769846400000",
        error="NotACommandError",
        message="out_refund_no is missing: a refund needs a number of its own, or it could be paid twice",
        reason="identity_invalid",
        dead_since="2026-01-31T08:00:00.250+00:00",
    ),
)


def event_example(happening: Happening) -> Struct:
    """Give an example of the event for *happening*."""
    event: Struct = EVENTS[happening](merchant_id=_MERCHANT, charge_code=_CODE, **_EVENTS[happening])
    return event


def _trade(version: int, state: str, *, paid: int = 0, refunded: int = 0, **more: Any) -> dict[str, Any]:
    amounts = {"amount_fen": 15800, "paid_fen": paid, "refunded_fen": refunded}
    return {"version": version, "state": state, **amounts, "source": "reply", **more}


def _refund(version: int, state: str, *, refunded: int = 0, **more: Any) -> dict[str, Any]:
    number = {"out_refund_no": _REFUND, "refund_amount_fen": 5000}
    return _trade(version, state, paid=15800, refunded=refunded, **number, **more)


_EVENTS: Final[dict[Happening, dict[str, Any]]] = {
    Happening.TRADE_CREATED: _trade(
        1, "awaiting_payment", **_GATEWAY, bar_code="https://wallet.example/0123456789"
    ),
    Happening.TRADE_PAID: _trade(
        1, "paid", paid=15800, **_GATEWAY, third_code="2026013100000000000000000001"
    ),
    Happening.TRADE_DECLINED: _trade(1, "declined", return_code="AMT_ERROR"),
    Happening.TRADE_UNKNOWN: _trade(1, "unknown", return_code="EXCEPTION"),
    Happening.TRADE_REVOKED: _trade(2, "revoked", paid=15800, **_GATEWAY),
    Happening.TRADE_REVOCATION_REQUESTED: _trade(2, "revocation_requested", paid=15800, **_GATEWAY),
    Happening.TRADE_CLOSED: _trade(2, "closed", **{**_GATEWAY, "source": "callback"}),
    Happening.TRADE_PARTIALLY_REFUNDED: _trade(
        3, "partially_refunded", paid=15800, refunded=5000, **{**_GATEWAY, "source": "inquiry"}
    ),
    Happening.TRADE_REFUNDED: _trade(
        5, "refunded", paid=15800, refunded=15800, **{**_GATEWAY, "source": "inquiry"}
    ),
    Happening.TRADE_DISCREPANCY: _trade(2, "declined", **{**_GATEWAY, "source": "callback"}),
    Happening.REFUND_ACCEPTED: _refund(2, "paid", **_GATEWAY, reason="pending"),
    Happening.REFUND_SUCCEEDED: _refund(
        2, "partially_refunded", refunded=5000, **{**_GATEWAY, "source": "inquiry"}
    ),
    Happening.REFUND_FAILED: _refund(2, "paid", **{**_GATEWAY, "return_code": "FAIL"}),
    Happening.REFUND_UNKNOWN: _refund(2, "paid", **{**_GATEWAY, "return_code": "EXCEPTION"}),
    Happening.CALLBACK_UNMATCHED: {"gateway_state": 1, "amount_fen": 15800, "down_code": "1435736619488"},
    Happening.COMMAND_REJECTED: {
        "kind": "refund",
        "out_refund_no": _REFUND,
        "reason": "amount_above_remainder",
        "message": "More than what was paid, less what is refunded or promised to refunds.",
    },
}
