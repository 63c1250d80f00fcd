"""A callback is believed only if every byte of it is what the gateway signed."""

from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.gateway.amount import FundBill
from paybus.gateway.callback import MAX_CALLBACK_BYTES, Callback, read_callback, write_callback
from paybus.gateway.cipher import encrypt
from paybus.gateway.errors import CallbackRefusedError
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import sign
from paybus.trades.money import Fen

MERCHANT = Merchant(
    merchant_id="0010000001",
    key="TESTKEY0123456789ABCDEFGHIJKLMNO",
    base_url="http://127.0.0.1/",
    oper_id="oper01",
    dev_id="dev01",
)
MEMBERS: dict[str, Any] = {
    "BUSI_ID": "0010000001",
    "CHARGE_CODE": "C1",
    "CHARGE_DOWN_CODE": "D1",
    "CHARGE_THIRD_CODE": "T1",
    "CHANNEL_TYPE": 2,
    "STATE": 1,
    "AMT": 15800,
    "OPER_ID": "oper01",
    "DEV_ID": "online",
    "PAY_SUBJECT": "在线 <买单> & 'co'",
    "FUND_BILL_LIST": {"TRADEFUNDBILL": [{"AMOUNT": "158.00", "FUND_CHANNEL": "11"}]},
}
URLS = [
    "http://127.0.0.1/notify?_type=json",
    "http://127.0.0.1/notify?_type=json&encrypt=3DES",
    "http://127.0.0.1/notify",
    "http://127.0.0.1/notify?pid=7&encrypt=3DES",
]


def read(members: dict[str, Any], url: str) -> Callback:
    """Write a callback and read it back."""
    sent = write_callback(members, notify_url=url, key=MERCHANT.key, timestamp_ms=1_500_000_000_123)
    return read_callback(raw=sent.body, query=urlsplit(sent.url).query, merchant=MERCHANT)


def reason_of(raw: bytes, query: str) -> tuple[str, int]:
    """Give the reason and the status with which a callback is refused."""
    with pytest.raises(CallbackRefusedError) as caught:
        read_callback(raw=raw, query=query, merchant=MERCHANT)
    assert caught.value.http_status >= 400
    assert not caught.value.may_have_moved_money
    return caught.value.reason, caught.value.http_status


def signed(text: str, **parameters: str) -> tuple[bytes, str]:
    """Give body and query of *text*, rightly signed."""
    query = f"sign={sign(text, key=MERCHANT.key, timestamp_ms=1)}"
    return text.encode(), "&".join([query, *(f"{name}={value}" for name, value in parameters.items())])


@pytest.mark.parametrize("url", URLS)
def test_what_is_written_reads_back(url: str) -> None:
    """JSON and XML, plain and encrypted, a callback says what was put into it."""
    callback = read(MEMBERS, url)
    assert (callback.merchant_id, callback.charge_code, callback.down_code) == ("0010000001", "C1", "D1")
    assert (callback.third_code, callback.channel_type, callback.state) == ("T1", 2, 1)
    assert (callback.amount_fen, callback.subject) == (15800, "在线 <买单> & 'co'")
    assert callback.fund_bills == (FundBill("11", Fen(15800)),)
    assert callback.timestamp_ms == 1_500_000_000_123
    assert callback.format == ("json" if "_type=json" in url else "xml")
    assert callback.encrypted is ("encrypt" in url)
    assert callback.unreadable == ()


def test_the_senders_spelling() -> None:
    """JSON has the gateway's odd spelling and raw slashes, XML is sorted; the URL keeps its query."""
    sent = write_callback(MEMBERS, notify_url=URLS[0], key=MERCHANT.key, timestamp_ms=7)
    assert b'"charge_THIRD_CODE":"T1"' in sent.body
    assert sent.url.startswith("http://127.0.0.1/notify?_type=json&sign=")
    assert sent.url.endswith(":7")
    assert sent.headers == {"Content-Type": "application/json;charset=UTF-8"}
    sent = write_callback(MEMBERS, notify_url=URLS[2] + "#x", key=MERCHANT.key, timestamp_ms=7)
    assert sent.url.startswith("http://127.0.0.1/notify?sign=")
    assert sent.body.index(b"<AMT>") < sent.body.index(b"<BUSI_ID>") < sent.body.index(b"<STATE>")
    assert sent.headers == {"Content-Type": "text/xml;charset=UTF-8"}


@given(st.sampled_from(URLS[::2]), st.data())
def test_any_changed_byte_is_refused(url: str, data: st.DataObject) -> None:
    """A body with one byte changed is refused; only blanks may come and go."""
    sent = write_callback(MEMBERS, notify_url=url, key=MERCHANT.key, timestamp_ms=7)
    position = data.draw(st.integers(0, len(sent.body) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = sent.body[:position] + bytes([byte]) + sent.body[position + 1 :]
    blanks = b"\t\n\x0b\x0c\r "
    if changed.translate(None, blanks) == sent.body.translate(None, blanks):
        return
    assert reason_of(changed, urlsplit(sent.url).query)[0] in {"sign_wrong", "not_utf8"}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", ("sign_missing", 401)),
        ("_type=json", ("sign_missing", 401)),
        ("sign=", ("sign_missing", 401)),
        ("sign=abc", ("sign_malformed", 401)),
        ("sign=" + "0" * 32, ("sign_malformed", 401)),
        ("sign=" + "0" * 32 + ":", ("sign_malformed", 401)),
        ("sign=" + "0" * 32 + ":1x", ("sign_malformed", 401)),
        ("sign=" + "A" * 32 + ":1", ("sign_malformed", 401)),
        ("sign=" + "0" * 32 + ":" + "1" * 20, ("sign_malformed", 401)),
        ("sign=" + "0" * 32 + ":1", ("sign_wrong", 401)),
        ("sign=" + "0" * 32 + "%3A1", ("sign_wrong", 401)),
        ("sign=a&sign=b", ("query_malformed", 400)),
        ("sign=a&sign=", ("query_malformed", 400)),
        ("_type=json&_type=xml", ("query_malformed", 400)),
        ("encrypt=&encrypt=3DES", ("query_malformed", 400)),
        ("&".join(f"a{number}=1" for number in range(51)), ("query_malformed", 400)),
        ("a=" + "b" * 5000, ("query_malformed", 400)),
    ],
)
def test_refused_queries(query: str, reason: tuple[str, int]) -> None:
    """A sign that is missing, malformed, doubled or wrong refuses the callback."""
    assert reason_of(b'{"PAY_NODIFY":{}}', query) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "document_malformed"),
        ("[]", "document_malformed"),
        ("{}", "document_malformed"),
        ('{"PAY_NODIFY":[]}', "document_malformed"),
        ('{"OTHER":{"BUSI_ID":"0010000001"}}', "document_malformed"),
        ('{"PAY_NODIFY":{}}{"PAY_NODIFY":{}}', "document_malformed"),
        ('{"PAY_NODIFY":{},"pay_nodify":{}}', "document_malformed"),
        ("\ufeff{}", "document_malformed"),
        ("<!DOCTYPE a><PAY_NODIFY><A/></PAY_NODIFY>", "document_malformed"),
        ('{"PAY_NODIFY":{"BUSI_ID":"9"}}', "other_merchant"),
        ('{"PAY_NODIFY":{"BUSI_ID":"0010000001"}}', "member_missing"),
        (
            '{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1,"AMT":1.5}}',
            "member_unreadable",
        ),
        (
            '{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":"x","AMT":1}}',
            "member_unreadable",
        ),
        (
            '{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1,"AMT":1,"amt":2}}',
            "member_unreadable",
        ),
        ('{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1}}', "member_missing"),
        ('{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"","STATE":1,"AMT":1}}', "member_missing"),
    ],
)
def test_refused_documents(text: str, reason: str) -> None:
    """A rightly signed body that is not one complete notification to this merchant is refused."""
    assert reason_of(*signed(text))[0] == reason


def test_the_key_comes_before_the_content() -> None:
    """Whoever does not have the key learns nothing about what a body may contain."""
    assert reason_of(b"nonsense", "sign=" + "0" * 32 + ":1") == ("sign_wrong", 401)


def test_repeated_parameters() -> None:
    """The protocol's own may be repeated as they are, the merchant's in any way."""
    raw, query = signed('{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1,"AMT":1}}')
    callback = read_callback(raw=raw, query=f"{query}&{query}&pid=1&pid=2&_type=json", merchant=MERCHANT)
    assert callback.charge_code == "C"


def test_codes_and_goods_in_every_shape() -> None:
    """A code that comes as a long number keeps its digits; goods may be one object or a list."""
    for goods in ('{"GOOD_ID":"1"}', '[{"GOOD_ID":"1"}]'):
        raw, query = signed(
            '{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1,"AMT":1,'
            f'"charge_THIRD_CODE":2015101400000000000000000001,"GOODS_DETAIL":{goods}}}}}'
        )
        callback = read_callback(raw=raw, query=query, merchant=MERCHANT)
        assert callback.third_code == "2015101400000000000000000001"
        assert callback.goods == ({"GOOD_ID": "1"},)


def test_limits() -> None:
    """An empty body and one above the limit are refused unread."""
    assert reason_of(b"", "sign=x") == ("body_empty", 400)
    assert reason_of(b" " * (MAX_CALLBACK_BYTES + 1), "sign=x") == ("body_too_large", 413)


def test_encryption_errors() -> None:
    """What does not decrypt with the merchant's key is refused."""
    body, query = signed('{"PAY_NODIFY":{}}', encrypt="3DES")
    assert reason_of(body, query) == ("not_decryptable", 400)
    other = encrypt(body.decode(), key="another key altogether").encode()
    assert reason_of(other, query) == ("not_decryptable", 400)


def test_other_states_and_unreadable_details_are_kept() -> None:
    """Unknown states pass; a detail that cannot be read is None and named."""
    members = {**MEMBERS, "STATE": "77", "CHANNEL_TYPE": "x", "FUND_BILL_LIST": [{"AMOUNT": "?"}]}
    callback = read(members, URLS[0])
    assert (callback.state, callback.channel_type) == (77, None)
    assert callback.fund_bills == (FundBill("", None),)
    assert callback.unreadable == ("CHANNEL_TYPE", "AMOUNT")
