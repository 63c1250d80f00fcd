"""Callbacks: the gateway's POST about a payment, read by us, written by the sandbox (docs/protocol.md §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from paybus.gateway.amount import FundBill
from paybus.gateway.cipher import ENCRYPT, decrypt, encrypt
from paybus.gateway.document import Format, read_document, write_json, write_xml
from paybus.gateway.errors import CallbackRefusedError, DecryptionError, DocumentError
from paybus.gateway.members import Members
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import is_sign, sign, verify
from paybus.trades.money import Fen

MAX_CALLBACK_BYTES: Final = 64 * 1024
"""Real callbacks, goods and the channel's raw result included, have one to five thousand bytes."""

_MAX_QUERY = 4096  # characters; the notify URL comes back in it
_MAX_PARAMETERS = 50
_OF_THE_PROTOCOL = frozenset({"sign", "_type", "encrypt", "busiCode"})
_ROOT = "PAY_NODIFY"
_CONTENT_TYPE: Final[dict[Format, str]] = {
    "json": "application/json;charset=UTF-8",
    "xml": "text/xml;charset=UTF-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback whose sign is right and whose merchant is the expected one.

    Blanks inside values are not protected by the sign: compare codes, do not trust them.
    `unreadable` names members that were there and could not be read; they are None.
    """

    merchant_id: str
    charge_code: str
    down_code: str | None
    third_code: str | None
    state: int
    amount_fen: Fen
    channel_type: int | None
    subject: str | None
    oper_id: str | None
    dev_id: str | None
    begin_time: str | None
    end_time: str | None
    merchant_para: str | None
    buyer_id: str | None
    fund_bills: tuple[FundBill, ...]
    goods: tuple[dict[str, object], ...]
    timestamp_ms: int
    format: Format
    encrypted: bool
    unreadable: tuple[str, ...]
    text: str = field(repr=False)
    """The whole document, decrypted: what was signed."""


@dataclass(frozen=True, slots=True)
class OutgoingCallback:
    """A callback to be sent: `POST url` with these headers and this body."""

    url: str
    headers: dict[str, str]
    body: bytes


def read_callback(*, raw: bytes, query: str, merchant: Merchant) -> Callback:
    """Read a callback to *merchant* from its raw body and raw query; raises CallbackRefusedError.

    The reasons: body_empty 400, body_too_large 413, query_malformed 400, sign_missing 401,
    sign_malformed 401, not_utf8 400, not_decryptable 400, sign_wrong 401, document_malformed 400,
    other_merchant 403, member_missing 400, member_unreadable 400.
    """
    if not raw:
        raise CallbackRefusedError("body_empty", http_status=400)
    if len(raw) > MAX_CALLBACK_BYTES:
        raise CallbackRefusedError("body_too_large", http_status=413)
    parameters = _parameters(query)
    made = _sign_of(parameters)
    encrypted = parameters.get("encrypt") == ENCRYPT
    text = _plain_text(raw, merchant.key if encrypted else None)
    if not verify(text, made, key=merchant.key):
        raise CallbackRefusedError("sign_wrong", http_status=401)
    members = _members(text)
    if members.text("BUSI_ID") != merchant.merchant_id:
        raise CallbackRefusedError("other_merchant", http_status=403)
    return _callback(members, text, timestamp_ms=int(made[33:]), encrypted=encrypted)


def write_callback(
    members: Mapping[str, Any], *, notify_url: str, key: str, timestamp_ms: int
) -> OutgoingCallback:
    """Write a callback with *members* in the format and encryption that *notify_url* asks for.

    Names are given in upper case; in JSON the third code gets the gateway's own spelling
    (docs/protocol.md §8 #4). Raises DocumentError for values the format cannot hold.
    """
    parameters = dict(parse_qsl(urlsplit(notify_url).query, keep_blank_values=True))
    format_: Format = "json" if parameters.get("_type") == "json" else "xml"
    text = _document(members, format_)
    made = sign(text, key=key, timestamp_ms=timestamp_ms)
    body = encrypt(text, key=key) if parameters.get("encrypt") == ENCRYPT else text
    return OutgoingCallback(
        url=_with_sign(notify_url, made),
        headers={"Content-Type": _CONTENT_TYPE[format_]},
        body=body.encode(),
    )


def _parameters(query: str) -> dict[str, str]:
    """Give the decoded parameters, of repeated ones the first (docs/protocol.md §8 #9).

    A parameter of the protocol must repeat its value; others are the merchant's own business.
    """
    malformed = CallbackRefusedError("query_malformed", http_status=400)
    if len(query) > _MAX_QUERY:
        raise malformed
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise malformed from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if parameters.setdefault(name, value) != value and name in _OF_THE_PROTOCOL:
            raise malformed
    return parameters


def _sign_of(parameters: Mapping[str, str]) -> str:
    made = parameters.get("sign", "")
    if not made:
        raise CallbackRefusedError("sign_missing", http_status=401)
    if not is_sign(made):
        raise CallbackRefusedError("sign_malformed", http_status=401)
    return made


def _plain_text(raw: bytes, key: str | None) -> str:
    """Give the signed text. Strict UTF-8 is what stops a sign that was extended without the key."""
    try:
        return raw.decode("utf-8") if key is None else decrypt(raw, key=key)
    except UnicodeDecodeError:
        raise CallbackRefusedError("not_utf8", http_status=400) from None
    except DecryptionError as error:
        raise CallbackRefusedError("not_decryptable", http_status=400) from error


def _members(text: str) -> Members:
    try:
        document = read_document(text)
    except DocumentError as error:
        raise CallbackRefusedError("document_malformed", http_status=400) from error
    below = [value for name, value in document.items() if name.upper() == _ROOT]
    if len(below) != 1 or not isinstance(below[0], dict):
        raise CallbackRefusedError("document_malformed", http_status=400)
    return Members(below[0])


def _callback(members: Members, text: str, *, timestamp_ms: int, encrypted: bool) -> Callback:
    charge_code, state, amount = members.text("CHARGE_CODE"), members.integer("STATE"), members.fen("AMT")
    if members.unreadable:  # of these three: whom it is about and what it says
        raise CallbackRefusedError("member_unreadable", http_status=400)
    if not charge_code or state is None or amount is None:
        raise CallbackRefusedError("member_missing", http_status=400)
    return Callback(
        merchant_id=members.text("BUSI_ID") or "",
        charge_code=charge_code,
        down_code=members.text("CHARGE_DOWN_CODE"),
        third_code=members.text("CHARGE_THIRD_CODE"),
        state=state,
        amount_fen=amount,
        channel_type=members.integer("CHANNEL_TYPE"),
        subject=members.text("PAY_SUBJECT"),
        oper_id=members.text("OPER_ID"),
        dev_id=members.text("DEV_ID"),
        begin_time=members.text("BEGIN_TIME"),
        end_time=members.text("END_TIME"),
        merchant_para=members.text("MERCHANTPARA"),
        buyer_id=members.text("BUYERID"),
        fund_bills=members.fund_bills(),
        goods=tuple(members.records("GOODS_DETAIL")),
        timestamp_ms=timestamp_ms,
        format="xml" if text.lstrip().startswith("<") else "json",
        encrypted=encrypted,
        unreadable=tuple(members.unreadable),
        text=text,
    )


def _document(members: Mapping[str, Any], format_: Format) -> str:
    if format_ == "json":
        spelled = {("charge_THIRD_CODE" if n == "CHARGE_THIRD_CODE" else n): v for n, v in members.items()}
        return write_json({_ROOT: spelled}).decode()
    return write_xml(_ROOT, dict(sorted(members.items(), key=lambda item: item[0].lower())))


def _with_sign(url: str, made: str) -> str:
    """Append the sign, its colon raw, behind whatever the merchant's URL has; a fragment is not sent."""
    url = url.partition("#")[0]
    return f"{url}{'&' if '?' in url else '?'}sign={made}"
