"""Inputs: documents as the gateway writes them, documents of anything, and both damaged.

Values are drawn by the property tester, which knows what is nasty; a seed then puts them together in many
ways, which is quick.
"""

from collections.abc import Sequence
import json
from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.target import BATCH

from paybus.gateway.merchant import Merchant

KEYS = ("TESTKEY0123456789ABCDEFGHIJKLMNO", "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233a", "an odd-Key~")
MERCHANTS = tuple(
    Merchant(merchant_id="0010000001", key=key, base_url="http://127.0.0.1/", oper_id="o", dev_id="d")
    for key in KEYS
)
NAMES = (
    "RESULT", "CODE", "INFO", "AMT", "amt", "STATE", "CHANNEL_TYPE", "CHARGE_CODE", "CHARGE_DOWN_CODE",
    "charge_THIRD_CODE", "FUND_BILL_LIST", "TRADEFUNDBILL", "AMOUNT", "FUND_CHANNEL", "GOODS_DETAIL",
    "PAY_CHANNEL_LIST", "PAY_CHANNEL", "SORT_NO", "charges", "tradeInfos", "chargesSize", "success",
    "message", "user", "company", "userType", "channels", "channel", "paymentType", "sortNo", "results",
    "tradeInfo", "goodsINFO", "usedTime", "amount", "verifyCode", "BUSI_ID", "PAY_SUBJECT", "BEGIN_TIME",
    "packageData", "sign", "ORDER_RESP", "QUERY_RESP", "ServiceResult", "PAY_NODIFY", "A", "Ä",
)  # fmt: skip
PIECES = (
    b"", b" ", b"\n", b"{", b"}", b"[", b"]", b'"', b",", b":", b"<", b">", b"</", b"<!DOCTYPE a [", b"&lt;",
    b"&a;", b"<![CDATA[", b"]]>", b"<!--", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\\", b"\\ud800", b"0",
    b"9" * 25, b"1e999", b"NaN", b"-", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"null", b"\x1c", b"'",
)  # fmt: skip
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
XML_TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\r\n"),
    max_size=20,
)
NUMBERS = st.one_of(
    st.integers(-3, 200),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([15800.0, 0.01, 1e7, 1e22, 2**63, 2**64 + 1, 10**27 + 7, 10**13, 10**13 + 1]),
)
WORDS = st.sampled_from(
    ["SUCCESS", "sucess", "FAIL", "", " ", "1", "15800", "¥158.00", "1.0E7", "00", "true", "false", "null",
     "2015-10-14 04:43:14", "20151014044314", "1444768994000", "9" * 30, "-1", "+5", "1.", ".5", "\u3000"]
)  # fmt: skip
SCALARS = st.one_of(WORDS, TEXTS, NUMBERS, st.none(), st.booleans())
POOLS = st.lists(SCALARS, min_size=2, max_size=12)
XML_POOLS = st.lists(XML_TEXTS, min_size=2, max_size=12)
SEEDS = st.integers(0, 2**64)


def objects(pool: Sequence[Any], seed: int) -> list[dict[str, Any]]:
    """Put values together to many objects of known names."""
    chance = Random(seed)
    return [_object(chance, pool, 3) for _ in range(BATCH)]


def documents(pool: Sequence[Any], seed: int) -> list[bytes]:
    """Write many objects, some in JSON, some in what may or may not be XML, most of them damaged."""
    chance = Random(seed)
    return [_damaged(chance, _document(chance, pool)) for _ in range(BATCH)]


def damaged(whole: bytes, seed: int) -> list[bytes]:
    """Damage *whole* in many ways; the first is whole."""
    chance = Random(seed)
    return [whole, *(_damaged(chance, whole) for _ in range(BATCH - 1))]


def mixed(ours: Sequence[Any], others: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Give an input of both kinds at a time."""
    return list(zip(ours, others, strict=True))


def _object(chance: Random, pool: Sequence[Any], depth: int) -> dict[str, Any]:
    return {_name(chance): _value(chance, pool, depth) for _ in range(chance.randrange(6))}


def _name(chance: Random) -> str:
    return chance.choice(NAMES) if chance.random() < 0.95 else chr(chance.randrange(0x20, 0xD000))


def _value(chance: Random, pool: Sequence[Any], depth: int) -> Any:
    kind = chance.random()
    if depth and kind < 0.2:
        return _object(chance, pool, depth - 1)
    if depth and kind < 0.3:
        return [_value(chance, pool, depth - 1) for _ in range(chance.randrange(4))]
    return chance.choice(pool)


def _document(chance: Random, pool: Sequence[Any]) -> bytes:
    written = _object(chance, pool, 3)
    if chance.random() < 0.5:
        return json.dumps(written, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
    return _xml(chance.choice(NAMES), written).encode("utf-8", "replace")


def _xml(name: str, value: Any) -> str:
    """Write what may or may not be XML: texts are left as they are."""
    if isinstance(value, list):
        return "".join(_xml(name, one) for one in value)
    if not isinstance(value, dict):
        return f"<{name}>{value}</{name}>"
    return f"<{name}>{''.join(_xml(below, one) for below, one in value.items())}</{name}>"


def _damaged(chance: Random, data: bytes) -> bytes:
    for _ in range(chance.randrange(4)):
        begin = chance.randrange(len(data) + 1)
        piece = chance.choice(PIECES) if chance.random() < 0.7 else chance.randbytes(chance.randrange(4))
        data = data[:begin] + piece + data[begin + chance.randrange(5) :]
    return data


ANYTHING = st.builds(documents, POOLS, SEEDS) | st.builds(damaged, st.binary(max_size=80), SEEDS)
OBJECTS = st.builds(objects, POOLS, SEEDS)
XML_OBJECTS = st.builds(objects, XML_POOLS, SEEDS)
