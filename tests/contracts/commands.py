"""Commands as order services write them: small valid ones, and strategies for many."""

from datetime import UTC
import json
from typing import Any

from hypothesis import strategies as st

from paybus.contracts.command import Command, decode, identify
from paybus.contracts.errors import ContractError
from paybus.trades.money import MAX_FEN
from paybus.trades.operation import Kind

Json = dict[str, Any]

PAY: Json = {
    "merchant_id": "0010000001",
    "charge_code": "A1",
    "method": "native",
    "amount_fen": 15800,
    "subject": "Coffee beans",
    "channel_type": 1,
}
REFUND: Json = {
    "merchant_id": "0010000001",
    "charge_code": "A1",
    "out_refund_no": "R1",
    "amount_fen": 5000,
    "subject": "One bag returned",
}
CANCEL: Json = {"merchant_id": "0010000001", "charge_code": "A1"}
SMALL: dict[Kind, Json] = {Kind.PAY: PAY, Kind.REFUND: REFUND, Kind.CANCEL: CANCEL}
GOODS_LINE: Json = {
    "goods_id": "2010",
    "name": "Coffee beans",
    "category": "Groceries",
    "price_fen": 7900,
    "subject": "Arabica",
    "quantity": 2,
}


def written(document: object) -> bytes:
    """Write *document* as a record's value."""
    return json.dumps(document, ensure_ascii=False).encode()


def read(value: bytes, kind: Kind) -> Command:
    """Read a record's value as our consumers do: first whose it is, then all of it."""
    identify(value, kind)
    return decode(value, kind)


def verdict_on(value: bytes, kind: Kind) -> Command | ContractError:
    """Read a record's value, and give the command or the error that it was refused with; raises no other."""
    try:
        return read(value, kind)
    except ContractError as error:
        return error


CODES = st.text("ABCabc019_-", min_size=1, max_size=64)
# Without lone surrogates, which UTF-8 cannot carry.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
AMOUNTS = st.integers(1, MAX_FEN)
CHANNELS = st.integers(1, 999)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
GOODS = st.lists(
    st.fixed_dictionaries(
        {
            "goods_id": TEXTS,
            "name": TEXTS,
            "category": TEXTS,
            "price_fen": st.integers(0, MAX_FEN),
            "subject": TEXTS,
            "quantity": st.integers(1, 1_000_000),
        },
        optional={"show_url": TEXTS | st.none()},
    ),
    max_size=2,
)
_TRADE = {"merchant_id": st.text("AZaz09_-", min_size=1, max_size=32), "charge_code": CODES}
_MONEY = {"amount_fen": AMOUNTS, "subject": TEXTS}
_TILL = {"oper_id": TEXTS | st.none(), "dev_id": TEXTS | st.none(), "expires_at": MOMENTS | st.none()}
_PAY_OPTIONS = {
    **_TILL,
    "sub_appid": TEXTS | st.none(),
    "merchant_para": st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
    "register_id": TEXTS | st.none(),
    "goods": GOODS,
}
_AUTH_CODES = st.text("0123456789", min_size=6, max_size=32)
_NEEDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "barcode": {"auth_code": _AUTH_CODES},
    "native": {"channel_type": CHANNELS},
    "jsapi": {"channel_type": CHANNELS, "sub_openid": TEXTS},
    "app": {"channel_type": CHANNELS},
}
PAYS = st.one_of(
    [
        st.fixed_dictionaries({**_TRADE, **_MONEY, "method": st.just(method), **needs}, optional=_PAY_OPTIONS)
        for method, needs in _NEEDS.items()
    ]
)
REFUNDS = st.fixed_dictionaries({**_TRADE, **_MONEY, "out_refund_no": CODES}, optional=_TILL)
CANCELS = st.fixed_dictionaries(
    _TRADE, optional={"method": st.sampled_from(["realtime", "application"]), "expires_at": MOMENTS}
)
VALID: dict[Kind, st.SearchStrategy[Json]] = {Kind.PAY: PAYS, Kind.REFUND: REFUNDS, Kind.CANCEL: CANCELS}
KINDS_AND_COMMANDS = st.sampled_from(Kind).flatmap(lambda kind: st.tuples(st.just(kind), VALID[kind]))
