"""Requests byte for byte as the vendor's SDK 1.0.3 writes them, to replay recorded vectors.

Nothing here is used to talk to a gateway: the order of members and parameters carries no meaning, and
the SDK's lack of escaping is a fault (docs/protocol.md §5.0, §10). What a request consists of is the
table `REQUESTS`; how the SDK writes it is the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from paybus.gateway import order, pay, refund
from paybus.gateway.cipher import ENCRYPT, encrypt
from paybus.gateway.errors import MissingParametersError
from paybus.gateway.java import copied_capacity, double_text, hash_order
from paybus.gateway.signature import sign
from paybus.gateway.target import form_encode

ClientClass = Literal["pay", "auth", "verify"]
_GOODS = (
    "GOOD_SUBJECT",
    "GOOD_PRICE",
    "GOOD_ID",
    "GOOD_SHOWURL",
    "GOOD_NAME",
    "GOOD_QUANTITY",
    "GOOD_CLASS",
)
_POST_NAMES = {
    "amount_yuan": "AMT",
    "merchant_para": "MERCHANTPARA",
    "sub_appid": "subAppid",
    "sub_openid": "subOpenid",
    "open_id": "openId",
    "refund_fee_yuan": "CHARGE_REFUND_FEE",
}
_NOT_MEMBERS = {"goods", "notify_url", "busi_code_nums", "extra"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkRequest:
    """One request class of the SDK: where it goes, what is preset, required, signed and in its path."""

    path: str
    merchant: str
    """The member that takes the merchant id."""
    body: bool = False
    notify: str = "NODIFY_URL"
    presets: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    signed: str = ""
    """The signed text of a GET, with member names in braces."""
    in_path: tuple[str, ...] = ()
    """Members that are in the path only."""
    in_url: bool = False
    """The members reach the query behind sign and _type, not before them."""
    before_sign: tuple[str, ...] = ()
    """Members of a POST that go to the query, in front of the sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: merchant id (None for the auth client, which sets none), key, 3DES or not, the time."""

    merchant_id: str | None
    key: str
    encrypt: bool
    timestamp_ms: int
    client: ClientClass = "pay"


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkMessage:
    """What goes over the wire; `body_plain` is before encryption, None for a GET."""

    method: str
    path_and_query: str
    body_plain: str | None
    body_wire: str | None
    sign_text: str | None


def _verify(path: str, *required: str, before_sign: tuple[str, ...] = ()) -> SdkRequest:
    return SdkRequest(
        path=path,
        merchant="busiCode",
        body=True,
        notify="notifyURL",
        required=required,
        before_sign=before_sign,
    )


REQUESTS: Mapping[str, SdkRequest] = {
    "SosopayTradePayRequest": SdkRequest(
        path="preOrder",
        merchant="BUSI_ID",
        body=True,
        presets={"CHANNEL_TYPE": "0", "DYNAMIC_ID_TYPE": "1"},
        required=pay.REQUIRED,
    ),
    "SosopayTradePrecreateRequest": SdkRequest(
        path="order",
        merchant="BUSI_ID",
        body=True,
        presets={"DYNAMIC_ID_TYPE": "2"},
        required=order.REQUIRED,
    ),
    "SosopayTradeRefundRequest": SdkRequest(
        path="refund", merchant="BUSI_ID", body=True, required=refund.REQUIRED
    ),
    "SosopayTradeQueryRequest": SdkRequest(
        path="query/{chargeCode}/{BUSI_ID}",
        merchant="BUSI_ID",
        required=("BUSI_ID", "chargeCode"),
        signed="{chargeCode}",
        in_path=("chargeCode",),
    ),
    "SosopayTradeCancelRequest": SdkRequest(
        path="cancelTrade/{chargeCode}/{BUSI_ID}",
        merchant="BUSI_ID",
        required=("BUSI_ID", "chargeCode"),
        signed="chargeCode={chargeCode}&busiCode={BUSI_ID}",
        in_path=("chargeCode",),
    ),
    "SosopayTradeBatchQueryRequest": SdkRequest(
        path="queryTrades",
        merchant="busiCode",
        presets={"channelType": "0"},
        required=("userId", "beginDate", "endDate", "pageNum", "pageSize", "busiCode"),
        in_url=True,
    ),
    "SosopayChannelRequest": SdkRequest(
        path="payChannel/{busiCode}",
        merchant="busiCode",
        required=("busiCode",),
        signed="busiCode={busiCode}",
    ),
    "SosoauthRequest": SdkRequest(
        path="auth",
        merchant="busiCode",
        required=("username", "password", "busiCode"),
        signed="busiCode=null",  # the SDK reads a field that nobody sets
    ),
    "SosologinRequest": SdkRequest(
        path="login",
        merchant="busiCode",
        required=("username", "password"),
        signed="username={username}",
    ),
    "SosoverifyGetRequest": _verify(
        "get",
        "busiCode",
        "tradeCode",
        "goodsName",
        "goodsCode",
        "goodsCount",
        "totalVerifyNumber",
        "busiCodeNums",
    ),
    "SosoverifyCheckRequest": _verify("check", "verifyCode", "deviceCode", "immedyConfirm"),
    "SosoverifyQueryRequest": _verify("query", "busiCode", "tradeCode"),
    "SosoverifyCancelRequest": _verify("cancel", "busiCode", "tradeCode", "verifyCode"),
    "SosoverifyBatchQueryRequest": _verify(
        "queryResults",
        "busiCode",
        "deviceCode",
        "beginVerDate",
        "endVerDate",
        "pageNo",
        "pageSize",
        before_sign=("pageSize", "pageNo"),
    ),
}


def build(name: str, inputs: Mapping[str, Any], sender: Sender) -> SdkMessage:
    """Build the request class *name* from setter *inputs* in the order called.

    Raises MissingParametersError like the SDK, before anything would be sent.
    """
    request = REQUESTS[name]
    members = _members(request, inputs, sender.merchant_id)
    _check(request, members, inputs)
    return _post(request, members, inputs, sender) if request.body else _get(request, members, sender)


def _members(request: SdkRequest, inputs: Mapping[str, Any], merchant_id: str | None) -> dict[str, str]:
    members = dict(request.presets)
    for name, value in inputs.items():
        if name == "extra":
            members.update(_with_text(value))
        elif name not in _NOT_MEMBERS:
            members.update(_with_text({_wire_name(request, name): _java_text(name, value)}))
    return members | _with_text({request.merchant: merchant_id})


def _with_text(members: Mapping[str, Any]) -> dict[str, str]:
    """Give what is set: null, an empty text and blanks change nothing (docs/protocol.md §5.0)."""
    return {name: str(value) for name, value in members.items() if value is not None and str(value).strip()}


def _wire_name(request: SdkRequest, name: str) -> str:
    if request.merchant == "BUSI_ID" and request.body:
        return _POST_NAMES.get(name, name.upper())
    first, *others = name.removesuffix("_yuan").split("_")
    return first + "".join(other.title() for other in others)


def _java_text(name: str, value: object) -> object:
    """Give amounts as the double that their setter takes."""
    return double_text(str(value)) if name.endswith("_yuan") and value is not None else value


def _check(request: SdkRequest, members: Mapping[str, str], inputs: Mapping[str, Any]) -> None:
    if request.path == "refund":
        missing = refund.missing_names(members)
    else:
        missing = [name for name in request.required if name not in members]
    if inputs.get("busi_code_nums"):
        missing = [name for name in missing if name != "busiCodeNums"]
    if missing:
        raise MissingParametersError(missing)


def _post(
    request: SdkRequest, members: Mapping[str, str], inputs: Mapping[str, Any], sender: Sender
) -> SdkMessage:
    plain = _body(request, members, inputs)
    query = "".join(f"{name}={members[name]}&" for name in request.before_sign)
    query += f"sign={sign(plain, key=sender.key, timestamp_ms=sender.timestamp_ms)}"
    if sender.client == "pay":
        query += "&_type=json"
        query += f"&encrypt={ENCRYPT}&busiCode={sender.merchant_id}" if sender.encrypt else ""
    return SdkMessage(
        method="POST",
        path_and_query=f"{request.path}?{query}",
        body_plain=plain,
        body_wire=encrypt(plain, key=sender.key) if sender.encrypt else plain,
        sign_text=plain,
    )


def _body(request: SdkRequest, members: Mapping[str, str], inputs: Mapping[str, Any]) -> str:
    """Write the body as the SDK does: hash order, no escaping, `null` as a text."""
    written = [
        f'"{name}":"{members[name]}"' for name in hash_order(members) if name not in request.before_sign
    ]
    if goods := inputs.get("goods"):
        written.append(f'"GOODS_DETAIL": [{",".join(map(_goods, goods))}]')
    if numbers := inputs.get("busi_code_nums"):
        written.append(f'"busiCodeNums":[{",".join(map(_busi_code_num, numbers))}]')
    written.append(f'"{request.notify}":"{_or_null(inputs.get("notify_url"))}"')
    return "{" + ",".join(written) + "}"


def _goods(line: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{name}":"{_or_null(line.get(name))}"' for name in _GOODS) + "}"


def _busi_code_num(number: Mapping[str, Any]) -> str:
    codes = ",".join(f'"{code}"' for code in number["busiCodes"])
    return f'{{"busiCodes":[{codes}],"verifyNumber":{_or_null(number.get("verifyNumber"))}}}'


def _or_null(value: object) -> object:
    return "null" if value is None else value


def _get(request: SdkRequest, members: Mapping[str, str], sender: Sender) -> SdkMessage:
    signed = request.signed.format_map(members) if sender.client == "pay" else None
    own = [name for name in members if name not in request.in_path]
    parameters = {name: members[name] for name in own}
    if signed is not None:
        parameters["sign"] = sign(signed, key=sender.key, timestamp_ms=sender.timestamp_ms)
    parameters["_type"] = "json"
    if sender.encrypt and sender.client == "pay":
        parameters |= {"encrypt": ENCRYPT, "busiCode": sender.merchant_id or ""}
    names = _get_order(request, own, parameters)
    path = request.path.format_map(members)
    return SdkMessage(
        method="GET",
        path_and_query=f"{path}?{form_encode({name: parameters[name] for name in names})}",
        body_plain=None,
        body_wire=None,
        sign_text=signed,
    )


def _get_order(request: SdkRequest, own: list[str], parameters: Mapping[str, str]) -> list[str]:
    """Give the order of GET parameters: the members' map is copied twice, then the rest is added."""
    others = [name for name in parameters if name not in own]
    if request.in_url:
        return hash_order([*others[:2], *hash_order(own), *others[2:]])
    capacity = copied_capacity(len(own))
    copied = hash_order(hash_order(hash_order(own), capacity=capacity), capacity=capacity)
    return hash_order([*copied, *others], capacity=capacity)
