"""`paybus query`, `batch-query` and `channels` against a real sandbox."""

from datetime import datetime, timedelta
import json

import pytest
from tests.cli.conftest import Paybus
from tests.cli.gateway.conftest import ENCRYPTED, IN_XML, KEY, PLAIN, Shop

from paybus.gateway.china_time import CHINA_TIME, write_time
from paybus.gateway.query import QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.trades.money import Fen

EVERYBODY = [PLAIN, ENCRYPTED, IN_XML]


def values(printed: str) -> dict[str, str]:
    """Give the rows of a table of names and values."""
    return dict(line.rstrip().split("  ", 1) for line in printed.splitlines() if "  " in line)


@pytest.mark.parametrize("merchant_id", EVERYBODY)
def test_an_order_is_shown_with_names(shop: Shop, paybus: Paybus, merchant_id: str) -> None:
    """State, channel and funds have their names, money is yuan; plain, encrypted and in XML alike."""
    code = shop.pay(merchant_id)
    ended = paybus("query", code, "--merchant", merchant_id)
    assert (ended.code, ended.complained) == (0, "")
    told = {name: value.strip() for name, value in values(ended.printed).items()}
    assert told["state"] == "paid (1)"
    assert told["amount"] == "158.00 yuan"
    assert told["channel"] == "Alipay (1)"
    assert told["paid by"].startswith("158.00 yuan Alipay balance (10)")
    assert told["charge code"] == code
    assert told["subject"] == "Tea & [b]茶[/b]"
    assert KEY not in ended.printed


def test_an_order_is_found_by_the_gateways_number_and_a_refund_by_ours(shop: Shop, paybus: Paybus) -> None:
    """`--by` says whose number it is."""
    code = shop.pay()
    refund = RefundRequest(refund_number=f"R{code}", amount_fen=Fen(800), subject="s", charge_code=code)
    shop.ask(PLAIN, lambda client: client.refund(refund))
    down_code = shop.ask(PLAIN, lambda client: client.query(QueryRequest(code=code))).down_code
    by_down_code = paybus("query", down_code, "--by", "down_code", "--merchant", PLAIN)
    assert "refunded in part (4)" in by_down_code.printed
    by_refund = paybus("query", f"R{code}", "--by", "refund_number", "--merchant", PLAIN)
    assert "refund succeeded (11)" in by_refund.printed
    assert "8.00 yuan" in by_refund.printed


def test_json_is_the_whole_reply(shop: Shop, paybus: Paybus) -> None:
    """One object, with fen, numbers as numbers, and nothing that steers a terminal."""
    code = shop.pay(subject="a\x1b[31m\x9bred ':smile:' 茶")
    ended = paybus("query", code, "--merchant", PLAIN, "--json")
    assert ended.code == 0
    told = json.loads(ended.printed)
    assert (told["state"], told["amount_fen"], told["code"]) == (1, 15800, "SUCCESS")
    assert told["subject"] == "a\x1b[31m\x9bred ':smile:' 茶"
    assert all(one.isprintable() for one in ended.printed.rstrip("\n"))
    shown = paybus("query", code, "--merchant", PLAIN).printed
    assert "\x1b" not in shown
    assert r"a\x1b[31m\x9bred ':smile:' 茶" in shown


def test_a_page_of_orders(shop: Shop, paybus: Paybus) -> None:
    """One line an order, and how many the gateway counts; pages follow each other."""
    first, second = shop.pay(IN_XML), shop.pay(IN_XML)
    today = datetime.now(CHINA_TIME)
    since, until = write_time(today - timedelta(days=1)), today.strftime("%Y-%m-%d")
    asked = ("batch-query", "--merchant", IN_XML, "--from", since, "--to", until, "--state", "1")
    whole = paybus(*asked, "--json")
    codes = [trade["charge_code"] for trade in json.loads(whole.printed)["trades"]]
    assert codes[-2:] == [first, second]
    page = paybus(*asked, "--page-size", "1", "--page", str(len(codes)))
    head, row, count = page.printed.splitlines()
    assert head.split()[:2] == ["charge", "code"]
    assert row.startswith(f"{second}  ")
    assert "paid (1)" in row
    assert "active" in row
    assert count == "1 orders; the gateway counts 1"
    assert paybus(*asked, "--charge-code", first, "--json").code == 0


def test_channels_have_their_names(shop: Shop, paybus: Paybus) -> None:
    """The dictionary's, beside the gateway's own."""
    ended = paybus("channels", "--merchant", ENCRYPTED)
    assert ended.code == 0
    rows = [line.split() for line in ended.printed.splitlines()]
    assert ["Alipay", "(1)", "支付宝", "1"] in rows
    assert ["QQ", "Wallet", "(31)", "QQ钱包", "3"] in rows
    (channel, *_) = json.loads(paybus("channels", "--merchant", PLAIN, "--json").printed)["channels"]
    assert channel == {"channel_type": 1, "name": "支付宝", "sort_number": 1}


def test_the_gateways_no_is_one_sentence_and_code_1(shop: Shop, paybus: Paybus) -> None:
    """On stderr, with its words; with --json the reply is on stdout all the same."""
    ended = paybus("query", "nothing", "--merchant", PLAIN)
    assert (ended.code, ended.printed) == (1, "")
    sentence = "the gateway refused, no such transaction (CHARGE_NONEXISTENT): no such transaction\n"
    assert ended.complained == sentence
    as_json = paybus("query", "nothing", "--merchant", PLAIN, "--json")
    assert (as_json.code, as_json.complained) == (1, sentence)
    assert json.loads(as_json.printed)["code"] == "CHARGE_NONEXISTENT"


def test_no_answer_is_code_3(shop: Shop, paybus: Paybus) -> None:
    """A connection that ends without a reply, an error page, and bytes that are no document."""
    code = shop.pay()
    for fault in ("lost_answer", "error_after", "garbage", "truncated"):
        shop.spoil(rules=[{"fault": fault, "operation": "query", "times": 9}])
        ended = paybus("query", code, "--merchant", PLAIN)
        assert (ended.code, ended.printed) == (3, ""), fault
        assert ended.complained.startswith("no answer came from the gateway; "), fault
        assert len(ended.complained.splitlines()) == 1
