"""Our own typed requests, written from the setter inputs of the SDK's recorded ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from paybus.gateway import account, batch_query, cancel, channels, order, pay, query, refund, write_off
from paybus.gateway.china_time import read_time
from paybus.gateway.document import read_xml
from paybus.gateway.errors import InvalidParameterError, MissingParametersError
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import Goods
from paybus.gateway.target import Get
from paybus.trades.money import Fen, MoneyError, fen_from_yuan

Inputs = dict[str, Any]


class InexpressibleError(Exception):
    """The SDK sends it, and our types cannot say it: an amount of part of a fen, goods without a name."""


@dataclass(frozen=True)
class Post:
    """A POST of ours before it is signed."""

    path: str
    members: dict[str, Any]
    in_url: dict[str, str] = field(default_factory=dict)


def write_ours(vector: dict[str, Any], merchant: Merchant) -> Get | Post:
    """Write our request for a recorded one; an operation without a rule is an error, not a pass."""
    operation = vector["operation"].split(".")[0]
    try:
        inputs = _set(_in_xml(vector["body_plain"]) if vector.get("inputs") is None else vector["inputs"])
        if operation == "verify":
            return _write_off(inputs, urlsplit(vector["path_and_query"]).path, merchant)
        return _WRITERS[operation](inputs, merchant)
    except (MoneyError, InvalidParameterError, MissingParametersError, _IncompleteError) as error:
        raise InexpressibleError from error


class _IncompleteError(Exception):
    """A part is missing that our types require and the SDK does not."""


def _set(inputs: Inputs) -> Inputs:
    """Give the inputs that were really set: the SDK ignores null, empty texts and blanks."""
    return {
        name: value
        for name, value in inputs.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }


_XML_NAMES = {"AMT": "amount_yuan", "NODIFY_URL": "notify_url", "subAppid": "sub_appid"}
_XML_NAMES |= {"subOpenid": "sub_openid", "MERCHANTPARA": "merchant_para"}
_OF_AN_ORDER = {"BUSI_ID", "OPER_ID", "DEV_ID", "CHANNEL_TYPE", "PAY_SUBJECT", "CHARGE_CODE", "TRADE_TYPE"}


def _in_xml(text: str) -> Inputs:
    """Give the inputs of an XML order, of which only the body was seen; what has no setter is extra."""
    (content,) = read_xml(text).values()
    if not all(isinstance(value, str) for value in content.values()):
        raise _IncompleteError
    known = _OF_AN_ORDER | _XML_NAMES.keys() | {"REGISTER_ID"}
    inputs = {_XML_NAMES.get(name, name.lower()): text for name, text in content.items() if name in known}
    # XML users do not send what is preset in the SDK.
    return {
        **inputs,
        "extra": {name: text for name, text in content.items() if name not in known},
        "xml": True,
    }


def _shared(inputs: Inputs) -> dict[str, Any]:
    names = ("oper_id", "dev_id", "notify_url")
    return {**{name: inputs.get(name) for name in names}, "extra": inputs.get("extra", {})}


def _sale(inputs: Inputs) -> dict[str, Any]:
    names = ("merchant_para", "register_id", "sub_appid", "sub_openid")
    return {
        **_shared(inputs),
        **{name: inputs.get(name) for name in names},
        "charge_code": inputs["charge_code"],
        "amount_fen": fen_from_yuan(inputs["amount_yuan"]),
        "subject": inputs["pay_subject"],
        "goods": tuple(map(_goods, inputs.get("goods", []))),
    }


def _pay(inputs: Inputs, merchant: Merchant) -> Post:
    # These have no setter in the SDK; callers add them, and our type names them.
    added = inputs.get("extra", {})
    named = {
        "channel_type": added.get("CHANNEL_TYPE", "0"),
        "dynamic_id_type": added.get("DYNAMIC_ID_TYPE", "1"),
    }
    request = pay.PayRequest(dynamic_id=inputs["dynamic_id"], **named, **_sale(inputs))
    return Post(pay.PAY.path, pay.write(request, merchant))


def _order(inputs: Inputs, merchant: Merchant) -> Post:
    request = order.OrderRequest(
        channel_type=inputs["channel_type"],
        trade_type=order.TradeType(inputs.get("trade_type", "NATIVE")),
        open_id=inputs.get("open_id"),
        **_sale(inputs),
    )
    members = order.write(request, merchant)
    if "xml" in inputs:
        del members["DYNAMIC_ID_TYPE"]
    return Post(order.ORDER.path, members)


def _refund(inputs: Inputs, merchant: Merchant) -> Post:
    request = refund.RefundRequest(
        refund_number=inputs.get("out_refund_no", "ours"),
        amount_fen=fen_from_yuan(inputs["refund_fee_yuan"]),
        subject=inputs["refund_subject"],
        charge_code=inputs.get("charge_code"),
        down_code=inputs.get("charge_down_code"),
        **_shared(inputs),
    )
    members = refund.write(request, merchant)
    if "out_refund_no" not in inputs:  # optional in the protocol, always sent by us
        del members["OUT_REFUND_NO"]
    return Post(refund.REFUND.path, members)


def _query(inputs: Inputs, merchant: Merchant) -> Get:
    by = query.By.DOWN_CODE if str(inputs.get("ser_type")) == "1" else query.By.CHARGE_CODE
    get = query.write(query.QueryRequest(code=inputs["charge_code"], by=by), merchant)
    # serType=0 says what its absence says: we do not send it.
    zero = {"serType": "0"} if str(inputs.get("ser_type")) == "0" else {}
    return Get(get.path, get.signed, {**get.parameters, **zero, **_added(inputs)})


def _cancel(inputs: Inputs, merchant: Merchant) -> Get:
    aco = inputs.get("extra", {}).get("opType") == "ACO"
    get = cancel.write(
        cancel.CancelRequest(charge_code=inputs["charge_code"], application_only=aco), merchant
    )
    return Get(get.path, get.signed, {**get.parameters, **_added(inputs)})


def _batch_query(inputs: Inputs, merchant: Merchant) -> Get:
    request = batch_query.BatchQueryRequest(
        user_id=inputs["user_id"],
        begin=_time(inputs["begin_date"]),
        end=_time(inputs["end_date"]),
        page_number=inputs["page_num"],
        page_size=inputs["page_size"],
        state=inputs.get("state"),
        channel_type=inputs.get("channel_type", 0),
        charge_code=inputs.get("charge_code"),
    )
    return batch_query.write(request, merchant)


def _channels(_inputs: Inputs, merchant: Merchant) -> Get:
    return channels.write(merchant)


def _auth(inputs: Inputs, merchant: Merchant) -> Get:
    request = account.AuthRequest(username=inputs["username"], password=inputs["password"])
    return account.write_auth(request, merchant)


def _login(inputs: Inputs, merchant: Merchant) -> Get:
    request = account.LoginRequest(
        username=inputs["username"],
        password=inputs["password"],
        imei=inputs.get("imei"),
        app_version=inputs.get("app_ver"),
        device_type=inputs.get("te_type"),
    )
    return account.write_login(request, merchant)


def _write_off(inputs: Inputs, path: str, merchant: Merchant) -> Post:
    apart = {"busi_code_nums", "notify_url"}
    request = write_off.WriteOffRequest(
        operation=next(one for one in write_off.WriteOff if one.path == path),
        members={_camel(name): str(value) for name, value in inputs.items() if name not in apart},
        places=tuple(map(_places, inputs.get("busi_code_nums", []))),
        notify_url=inputs.get("notify_url"),
    )
    endpoint, post = write_off.write(request, merchant)
    return Post(endpoint.path, post.members, post.parameters)


def _places(place: Inputs) -> write_off.Places:
    if place.get("verifyNumber") is None:
        raise _IncompleteError
    return write_off.Places(merchant_ids=tuple(place["busiCodes"]), verify_number=place["verifyNumber"])


def _added(inputs: Inputs) -> dict[str, str]:
    """Give parameters that the caller added to a GET: we send none but those we know."""
    return _set(inputs.get("extra", {}))


def _camel(name: str) -> str:
    first, *others = name.removesuffix("_yuan").split("_")
    return first + "".join(map(str.title, others))


def _time(text: str) -> datetime:
    moment = read_time(text)
    assert moment is not None
    return moment


def _goods(line: dict[str, str]) -> Goods:
    if not all(line.get(name) for name in _GOODS_REQUIRED) or not line["GOOD_QUANTITY"].isdigit():
        raise _IncompleteError
    return Goods(
        goods_id=line["GOOD_ID"],
        name=line["GOOD_NAME"],
        category=line["GOOD_CLASS"],
        price_fen=Fen(fen_from_yuan(line["GOOD_PRICE"], zero_allowed=True)),
        subject=line["GOOD_SUBJECT"],
        quantity=int(line["GOOD_QUANTITY"]),
        show_url=line.get("GOOD_SHOWURL"),
    )


_GOODS_REQUIRED = ("GOOD_ID", "GOOD_NAME", "GOOD_CLASS", "GOOD_PRICE", "GOOD_SUBJECT", "GOOD_QUANTITY")

_WRITERS: dict[str, Callable[[Inputs, Merchant], Get | Post]] = {
    "pay": _pay,
    "precreate": _order,
    "refund": _refund,
    "query": _query,
    "cancel": _cancel,
    "batchQuery": _batch_query,
    "channel": _channels,
    "auth": _auth,
    "login": _login,
}
