"""The commands: what an order service asks for, as JSON values of the command topics.

Decoding has two steps. First the identity is read: whose trade it is, and under which key. A record
without one can only be a dead letter. Then the whole command is read: what is wrong with it from here
on is answered with `command.rejected`, because now somebody is waiting for an answer.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta, Struct

from paybus.contracts.errors import InvalidCommandError, NotACommandError
from paybus.contracts.field import AmountFen, Code, Digits, MerchantId, Moment, NotNegativeFen, Text
from paybus.contracts.flaw import flaw_of
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method

MAX_COMMAND_BYTES: Final = 64 * 1024
"""Real commands have some hundred bytes; a page of goods ten thousand. Kafka itself allows a megabyte."""

_MAX_GOODS = 100  # more lines than any receipt the gateway has been shown

REQUIRED_BY_METHOD: Final[dict[str, tuple[str, ...]]] = {
    "barcode": ("auth_code",),
    "native": ("channel_type",),
    "jsapi": ("channel_type", "sub_openid"),
    "app": ("channel_type",),
}
"""What a pay needs besides its required fields."""


class GoodsLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the receipt; the price is for one piece."""

    goods_id: Text
    """The shop's number for it."""
    name: Text
    """Its name."""
    category: Text
    """What sort of thing it is."""
    price_fen: NotNegativeFen
    """Of one piece, in whole fen; a gift costs 0."""
    subject: Text
    """What it is, for the customer."""
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    """How many pieces."""
    show_url: Text | None = None
    """A page that shows it."""


class PayCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Take a payment: scan the customer (barcode), or make an order for the customer to pay."""

    KIND: ClassVar[Kind] = Kind.PAY

    merchant_id: MerchantId
    charge_code: Code
    """The trade's number and the idempotency key: one code, one payment, however often it is sent."""
    method: Literal["barcode", "native", "jsapi", "app"]
    """How the customer pays: is scanned, scans a QR code, pays in WeChat's browser, or in an app."""
    amount_fen: AmountFen
    subject: Text
    """What is paid for; the customer sees it."""
    auth_code: Digits | None = None
    """The code scanned from the wallet (docs/protocol.md §5.1). Needed for `barcode`."""
    channel_type: Annotated[int, Meta(ge=1, le=999)] | None = None
    """Whose wallet: 1 Alipay, 2 WeChat ... (docs/protocol.md §7.2). Needed for all but `barcode`."""
    sub_openid: Text | None = None
    """The customer at WeChat's sub-merchant. Needed for `jsapi`."""
    sub_appid: Text | None = None
    """The sub-merchant's app at WeChat."""
    oper_id: Text | None = None
    """Who stands at the till; without it the merchant's default is sent."""
    dev_id: Text | None = None
    """Which till; without it the merchant's default is sent."""
    merchant_para: Annotated[str, Meta(max_length=2048)] | None = None
    """Passed to the gateway, which echoes it; Base64 by the sender."""
    register_id: Text | None = None
    """The store."""
    goods: Annotated[tuple[GoodsLine, ...], Meta(max_length=_MAX_GOODS)] = ()
    """The lines of the receipt."""
    expires_at: Moment | None = None
    """Never send it to the gateway after this moment (RFC 3339, with its offset)."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.charge_code


class RefundCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Give back a part of a trade, or all of it."""

    KIND: ClassVar[Kind] = Kind.REFUND

    merchant_id: MerchantId
    charge_code: Code
    """The trade to be refunded."""
    out_refund_no: Code
    """The refund's own number and idempotency key: one number, one refund, however often it is sent."""
    amount_fen: AmountFen
    subject: Text
    """Why; the customer may see it."""
    oper_id: Text | None = None
    """Who stands at the till; without it the merchant's default is sent."""
    dev_id: Text | None = None
    """Which till; without it the merchant's default is sent."""
    expires_at: Moment | None = None
    """Never send it to the gateway after this moment (RFC 3339, with its offset)."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.out_refund_no


class CancelCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Revoke a trade: at once (realtime), or by an application that the gateway decides later."""

    KIND: ClassVar[Kind] = Kind.CANCEL

    merchant_id: MerchantId
    charge_code: Code
    """The trade to be revoked, and the idempotency key: one trade, one cancel."""
    method: Literal["realtime", "application"] = "realtime"
    """Revoke at once, or apply for it and let the gateway decide later."""
    expires_at: Moment | None = None
    """Never send it to the gateway after this moment (RFC 3339, with its offset)."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.charge_code


Command = PayCommand | RefundCommand | CancelCommand
COMMANDS: dict[Kind, type[Command]] = {
    Kind.PAY: PayCommand,
    Kind.REFUND: RefundCommand,
    Kind.CANCEL: CancelCommand,
}


class Identity(Struct, frozen=True):
    """Whose money a record is about; enough to answer it."""

    merchant_id: MerchantId
    charge_code: Code
    out_refund_no: Code | None = None

    def key(self, kind: Kind) -> str:
        """Give the idempotency key of an operation of *kind*."""
        return (self.out_refund_no or "") if kind is Kind.REFUND else self.charge_code


class _TradeIdentity(Struct, frozen=True):
    """What of an identity a pay or cancel has: its reader passes over an `out_refund_no`."""

    merchant_id: MerchantId
    charge_code: Code


_identities: dict[Kind, msgspec.json.Decoder[Any]] = {
    **dict.fromkeys(Kind, msgspec.json.Decoder(_TradeIdentity)),
    Kind.REFUND: msgspec.json.Decoder(Identity),
}
_commands: dict[Kind, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(model) for kind, model in COMMANDS.items()
}
_encoder = msgspec.json.Encoder(order="deterministic")
# What msgspec raises for bytes that are not JSON in UTF-8; a number or text it has no room for included.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def identify(value: bytes | None, kind: Kind) -> Identity:
    """Read whose trade a record of *kind* is about; raises NotACommandError."""
    if not value:
        raise NotACommandError("value_missing", "the record has no value; send the command as JSON")
    if len(value) > MAX_COMMAND_BYTES:
        message = f"the value has {len(value)} bytes; a command has at most {MAX_COMMAND_BYTES}"
        raise NotACommandError("value_too_large", message)
    try:
        found = _identities[kind].decode(value)
    except msgspec.ValidationError as error:
        raise NotACommandError("identity_invalid", flaw_of(str(error)).sentence) from None
    except _UNREADABLE as error:
        message = f"the value is not JSON in UTF-8: {error}; send one JSON object"
        raise NotACommandError("not_json", message) from None
    if kind is not Kind.REFUND:
        return Identity(found.merchant_id, found.charge_code)
    identity: Identity = found
    if not identity.out_refund_no:
        message = "out_refund_no is missing: a refund needs a number of its own, or it could be paid twice"
        raise NotACommandError("identity_invalid", message)
    return identity


def decode(value: bytes, kind: Kind) -> Command:
    """Read the command of *kind* whose identity is known; raises InvalidCommandError."""
    try:
        command: Command = _commands[kind].decode(value)
    except msgspec.ValidationError as error:
        flaw = flaw_of(str(error))
        raise InvalidCommandError(flaw.reason, flaw.sentence) from None
    except _UNREADABLE as error:
        # Not seen by identify(), which passes over the texts of other fields.
        message = f"the value: a text in it is not UTF-8: {error}; send the command again in UTF-8"
        raise InvalidCommandError("field_invalid", message) from None
    if isinstance(command, PayCommand):
        _require_by_method(command)
    if command.expires_at is not None:
        _require_instant(command.expires_at)
    return command


def encode(command: Command) -> bytes:
    """Write *command* as the ledger keeps it; the same command always gives the same bytes."""
    return _encoder.encode(command)


def fingerprint(command: Command) -> bytes:
    """Give 16 bytes that stand for the command's meaning; until when it may be sent is not part of it."""
    if command.expires_at is not None:
        command = msgspec.structs.replace(command, expires_at=None)
    return blake2b(_encoder.encode(command), digest_size=16, person=command.KIND.encode()).digest()


def method_of(command: Command) -> Method:
    """Give the domain's word for how the command is to be carried out."""
    return Method.REFUND if isinstance(command, RefundCommand) else Method(command.method)


def amount_of(command: Command) -> Fen:
    """Give the amount in fen; a cancel has none of its own."""
    return Fen(0) if isinstance(command, CancelCommand) else Fen(command.amount_fen)


def _require_by_method(command: PayCommand) -> None:
    for name in REQUIRED_BY_METHOD[command.method]:
        if getattr(command, name) is None:
            message = f"{name} is missing: a pay by {command.method} cannot be made without it; add it"
            raise InvalidCommandError("field_missing", message)


def _require_instant(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)  # what the database does with it
    except OverflowError:
        pass
    else:
        if moment.tzinfo is not None:
            return
    message = "expires_at: no moment in UTC; write it with its offset, like 2026-01-31T08:00:00Z"
    raise InvalidCommandError("field_invalid", message)
