"""The commands: what an order service asks for, as JSON values of the command topics.

Decoding has two steps. First the identity is read: whose trade it is, and under which key. A record
without one can only be a dead letter. Then the whole command is read: what is wrong with it from here
on is answered with `command.rejected`, because now somebody is waiting for an answer.
"""

from datetime import datetime
from hashlib import blake2b
import re
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from paybus.contracts.errors import InvalidCommandError, NotACommandError
from paybus.trades.money import MAX_FEN, Fen
from paybus.trades.operation import Kind, Method

MAX_COMMAND_BYTES = 64 * 1024
"""Real commands have some hundred bytes; a page of goods ten thousand. Kafka itself allows a megabyte."""

_MAX_GOODS = 100  # more lines than any receipt the gateway has been shown

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$")]
"""A number of ours at the gateway: it is part of a URL path there (docs/protocol.md §5.3)."""
MerchantId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,32}(?!\n)$")]
AmountFen = Annotated[int, Meta(gt=0, le=MAX_FEN)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{6,32}(?!\n)$")]
"""A code scanned from a wallet (docs/protocol.md §5.1)."""


class GoodsLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the receipt; the price is for one piece."""

    goods_id: Text
    name: Text
    category: Text
    price_fen: Annotated[int, Meta(ge=0, le=MAX_FEN)]
    subject: Text
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    show_url: Text | None = None


class PayCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Take a payment: scan the customer (barcode), or make an order for the customer to pay."""

    KIND: ClassVar[Kind] = Kind.PAY

    merchant_id: MerchantId
    charge_code: Code
    method: Literal["barcode", "native", "jsapi", "app"]
    amount_fen: AmountFen
    subject: Text
    auth_code: Digits | None = None
    """Needed for `barcode`."""
    channel_type: Annotated[int, Meta(ge=1, le=999)] | None = None
    """Needed for all but `barcode` (docs/protocol.md §7.2)."""
    sub_openid: Text | None = None
    """Needed for `jsapi`."""
    sub_appid: Text | None = None
    oper_id: Text | None = None
    dev_id: Text | None = None
    merchant_para: Annotated[str, Meta(max_length=2048)] | None = None
    register_id: Text | None = None
    goods: Annotated[tuple[GoodsLine, ...], Meta(max_length=_MAX_GOODS)] = ()
    expires_at: datetime | None = None
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
    out_refund_no: Code
    amount_fen: AmountFen
    subject: Text
    oper_id: Text | None = None
    dev_id: Text | None = None
    expires_at: datetime | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.out_refund_no


class CancelCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Revoke a trade: at once (realtime), or by an application that the gateway decides later."""

    KIND: ClassVar[Kind] = Kind.CANCEL

    merchant_id: MerchantId
    charge_code: Code
    method: Literal["realtime", "application"] = "realtime"
    expires_at: datetime | None = None

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


_identity = msgspec.json.Decoder(Identity)
_commands: dict[Kind, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(model) for kind, model in COMMANDS.items()
}
_encoder = msgspec.json.Encoder(order="deterministic")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def identify(value: bytes | None, kind: Kind) -> Identity:
    """Read whose trade a record of *kind* is about; raises NotACommandError."""
    if not value:
        raise NotACommandError("value_missing", "the record has no value; send the command as JSON")
    if len(value) > MAX_COMMAND_BYTES:
        message = f"the value has {len(value)} bytes; a command has at most {MAX_COMMAND_BYTES}"
        raise NotACommandError("value_too_large", message)
    try:
        identity = _identity.decode(value)
    except msgspec.ValidationError as error:
        raise NotACommandError("identity_invalid", f"{error}; merchant and keys must be readable") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotACommandError("not_json", f"the value is not JSON in UTF-8: {error}") from None
    if not identity.key(kind):
        message = "out_refund_no is missing: a refund needs a number of its own, or it could be paid twice"
        raise NotACommandError("identity_invalid", message)
    return identity


def decode(value: bytes, kind: Kind) -> Command:
    """Read the command of *kind* whose identity is known; raises InvalidCommandError."""
    try:
        command: Command = _commands[kind].decode(value)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    if isinstance(command, PayCommand):
        _require_by_method(command)
    if command.expires_at is not None and command.expires_at.tzinfo is None:
        message = "expires_at has no UTC offset; write it like 2026-01-31T08:00:00Z"
        raise InvalidCommandError("field_invalid", message)
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
    needed = {"barcode": ("auth_code",), "jsapi": ("channel_type", "sub_openid")}
    for name in needed.get(command.method, ("channel_type",)):
        if getattr(command, name) is None:
            message = f"{name} is missing: a pay by {command.method} cannot be made without it"
            raise InvalidCommandError("field_missing", message)


def _invalid(message: str) -> InvalidCommandError:
    path = _PATH.search(message)
    if path and path[1].endswith("amount_fen"):
        text = f"amount_fen must be a whole number of fen from 1 to {MAX_FEN}: {message}"
        return InvalidCommandError("amount_invalid", text)
    if "missing required field" in message:
        return InvalidCommandError("field_missing", message)
    return InvalidCommandError("field_invalid", message)
