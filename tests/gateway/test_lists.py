"""Every list of every answer is read in each shape the gateway may give it (docs/protocol.md §8 #15)."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from paybus.gateway import account, batch_query, channels, order, pay, query, refund, voucher
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.reply import Answer, RawReply, read_answer

VOUCHERS = Endpoint(name="write_off", path="queryResults", root="")
Read = Callable[[Answer], Any]
LISTS: dict[str, tuple[Endpoint, Read, str, str, str]] = {
    "pay": (pay.PAY, pay.read, "FUND_BILL_LIST", "TRADEFUNDBILL", "fund_bills"),
    "query": (query.QUERY, query.read, "FUND_BILL_LIST", "TRADEFUNDBILL", "fund_bills"),
    "refund": (refund.REFUND, refund.read, "FUND_BILL_LIST", "TRADEFUNDBILL", "fund_bills"),
    "goods": (query.QUERY, query.read, "GOODS_DETAIL", "", "goods"),
    "charges": (batch_query.BATCH_QUERY, batch_query.read, "charges", "", "trades"),
    "tradeInfos": (batch_query.BATCH_QUERY, batch_query.read, "tradeInfos", "", "trades"),
    "channels": (channels.CHANNELS, channels.read, "PAY_CHANNEL_LIST", "PAY_CHANNEL", "channels"),
    "login": (account.LOGIN, account.read_login, "channels", "", "channels"),
    "results": (VOUCHERS, voucher.read_list, "results", "", "redemptions"),
}
MISSING = object()
RECORD = {"SORT_NO": 1, "AMOUNT": "1.00", "CHARGE_CODE": "C", "verifyCode": "V"}


def length(name: str, value: object, *, inner: bool = False) -> int:
    """Give how many records are read of a list that has *value*."""
    endpoint, read, member, wrapped_as, field = LISTS[name]
    shown = {wrapped_as: value} if inner else value
    members: dict[str, Any] = {"RESULT": {"CODE": "SUCCESS"}, "success": True}
    if value is not MISSING:
        members[member] = shown
    document = {endpoint.root: members} if endpoint.root else members
    answer = read_answer(RawReply(200, orjson.dumps(document)), endpoint, encrypted_with=None)
    return len(getattr(read(answer), field))


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("name", LISTS)
def test_every_shape(name: str, inner: bool) -> None:
    """A list, its only record, null, nothing, an empty text; where it has a wrapping, with and without it."""
    if inner and not LISTS[name][3]:
        return
    assert length(name, [RECORD, RECORD], inner=inner) == 2
    for one in (RECORD, [RECORD], [RECORD, None, "", {}]):
        assert length(name, one, inner=inner) == 1
    for none in (None, "", [], {}, [None], "x", 7):
        assert length(name, none, inner=inner) == 0
    assert length(name, MISSING) == 0


def test_a_list_of_wrappings_is_one_list() -> None:
    """As XML gives it when each record has its own."""
    assert length("channels", [{"PAY_CHANNEL": RECORD}, {"pay_channel": [RECORD, RECORD]}]) == 3


def test_an_order_has_no_list() -> None:
    """What nobody reads cannot break an answer."""
    raw = RawReply(200, b'{"ORDER_RESP":{"RESULT":"SUCCESS","FUND_BILL_LIST":[[[]]]}}')
    assert order.read(read_answer(raw, order.ORDER, encrypted_with=None)).code == "SUCCESS"
