"""The events: what became of a trade, as JSON values of the events topic, one type a happening.

Versions of one trade are gapless; a repeat has the same id and the same bytes. `command.rejected` and
`callback.unmatched` say nothing new of a trade and have no version.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from paybus.contracts.command import Identity
from paybus.contracts.field import AmountFen, NotNegativeFen
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Outcome
from paybus.trades.trade import Trade


class TradeEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The trade as it is after this event; amounts in fen."""

    merchant_id: str
    """The merchant: the gateway's BUSI_ID."""
    charge_code: str
    """The trade's number."""
    version: Annotated[int, Meta(ge=1)]
    """Counts the events of this trade: 1, 2, 3 ... without a gap."""
    state: str
    """The trade's state after this event, a word of docs/messages.md; bear words that are new to you."""
    amount_fen: AmountFen
    """What the trade is about."""
    paid_fen: NotNegativeFen
    """What the customer paid: all of it or 0."""
    refunded_fen: NotNegativeFen
    """What was given back so far."""
    down_code: str | None = None
    """The gateway's number (CHARGE_DOWN_CODE)."""
    third_code: str | None = None
    """The wallet's number (CHARGE_THIRD_CODE)."""
    channel_type: int | None = None
    """The wallet that took the payment (docs/protocol.md §7.2)."""
    source: str | None = None
    """Where the news came from: reply, callback or inquiry."""
    return_code: str | None = None
    """The gateway's RESULT.CODE, where it gave one."""
    reason: str | None = None
    """A slug where the return code alone does not explain the event."""


class TradeCreated(TradeEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An order waits for the customer: with the text of a QR code, or what WeChat's bridge needs."""

    bar_code: str | None = None
    """The text of the QR code to be shown (method native)."""
    jsapi: dict[str, str] | None = None
    """What WeChat's bridge needs, under the gateway's names (method jsapi)."""


class RefundEvent(TradeEvent, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one refund, and the trade after it."""

    out_refund_no: str
    """The refund's number."""
    refund_amount_fen: AmountFen
    """What this refund gives back; the trade's refunded_fen counts all of them."""


class CommandRejected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command that was refused, by us or (a cancel) by the gateway; it changed nothing."""

    merchant_id: str
    """The merchant that was named."""
    charge_code: str
    """The trade that was named."""
    kind: str
    """pay, refund or cancel."""
    out_refund_no: str | None = None
    """The refund's number."""
    reason: str
    """A slug for programs (docs/messages.md), or the gateway's return code."""
    message: str
    """A sentence for people."""


class CallbackUnmatched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The gateway tells of a trade that we have not been asked for; it is kept."""

    merchant_id: str
    """The merchant at whose address the callback arrived."""
    charge_code: str
    """The trade's number, as the gateway has it."""
    gateway_state: int
    """The gateway's STATE (docs/protocol.md §7.4)."""
    amount_fen: NotNegativeFen
    """The amount, as the gateway has it."""
    down_code: str | None = None
    """The gateway's number (CHARGE_DOWN_CODE)."""


Event = TradeEvent | CommandRejected | CallbackUnmatched
_REFUND_HAPPENINGS = (
    Happening.REFUND_ACCEPTED,
    Happening.REFUND_SUCCEEDED,
    Happening.REFUND_FAILED,
    Happening.REFUND_UNKNOWN,
)
EVENTS: dict[Happening, type[Any]] = {
    **dict.fromkeys(Happening, TradeEvent),
    **dict.fromkeys(_REFUND_HAPPENINGS, RefundEvent),
    Happening.TRADE_CREATED: TradeCreated,
    Happening.COMMAND_REJECTED: CommandRejected,
    Happening.CALLBACK_UNMATCHED: CallbackUnmatched,
}
_encoder = msgspec.json.Encoder(order="deterministic")


class Announcement(Struct, frozen=True):
    """An event ready for the outbox. The ledger adds the time, once and for all repeats.

    `traceparent` is that of a command which became no operation; of other events the ledger knows it.
    """

    ce_id: str
    ce_type: str
    charge_code: str
    value: bytes
    traceparent: str | None = None


def announce(
    happening: Happening, trade: Trade, *, operation: Operation | None, outcome: Outcome
) -> Announcement:
    """Write the event for *happening*; *trade* is the trade after it, `trade.version` its version."""
    model = EVENTS[happening]
    extra: dict[str, Any] = {}
    if model is TradeCreated:
        extra = {"bar_code": outcome.facts.bar_code, "jsapi": outcome.facts.jsapi}
    elif model is RefundEvent:
        assert operation is not None, "only an operation can speak of a refund"
        extra = {"out_refund_no": operation.key, "refund_amount_fen": operation.amount_fen}
    event = model(
        merchant_id=trade.merchant_id,
        charge_code=trade.charge_code,
        version=trade.version,
        state=trade.state.value,
        amount_fen=trade.amount_fen,
        paid_fen=trade.paid_fen,
        refunded_fen=trade.refunded_fen,
        down_code=trade.down_code,
        third_code=trade.third_code,
        channel_type=trade.channel_type,
        source=outcome.source.value,
        return_code=outcome.return_code,
        reason=outcome.reason,
        **extra,
    )
    ce_id = f"{trade.merchant_id}/{trade.charge_code}/{trade.version}"
    return Announcement(ce_id, happening.value, trade.charge_code, _encoder.encode(event))


def reject(
    kind: Kind,
    identity: Identity,
    *,
    reason: str,
    message: str,
    fingerprint: bytes,
    traceparent: str | None = None,
) -> Announcement:
    """Write `command.rejected`; *fingerprint* tells this refused command from others with its key."""
    event = CommandRejected(
        merchant_id=identity.merchant_id,
        charge_code=identity.charge_code,
        kind=kind.value,
        out_refund_no=identity.out_refund_no if kind is Kind.REFUND else None,
        reason=reason,
        message=message,
    )
    place = f"{identity.merchant_id}/{identity.charge_code}/rejected/{kind}/{identity.key(kind)}"
    ce_id, ce_type = f"{place}/{fingerprint.hex()}", Happening.COMMAND_REJECTED.value
    return Announcement(ce_id, ce_type, identity.charge_code, _encoder.encode(event), traceparent)


def unmatched(event: CallbackUnmatched, *, digest: str) -> Announcement:
    """Write `callback.unmatched`; *digest* tells this callback from others about the same code."""
    ce_id = f"{event.merchant_id}/{event.charge_code}/callback/{digest}"
    happening = Happening.CALLBACK_UNMATCHED
    return Announcement(ce_id, happening.value, event.charge_code, _encoder.encode(event))


def event_headers(
    *, ce_id: str, ce_type: str, charge_code: str, occurred_at: datetime, traceparent: str | None
) -> list[tuple[str, bytes]]:
    """Give the record headers of an event (CloudEvents 1.0, binary mode)."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", ce_id.encode()),
        ("ce_type", ce_type.encode()),
        ("ce_source", b"/paybus/notifier"),
        ("ce_time", occurred_at.isoformat().encode()),
        ("ce_subject", charge_code.encode()),
        ("content-type", b"application/json"),
    ]
    return headers if traceparent is None else [*headers, ("traceparent", traceparent.encode())]
