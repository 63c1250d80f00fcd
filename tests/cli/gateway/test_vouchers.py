"""`paybus write-off` against a real sandbox."""

from datetime import datetime, timedelta
import json

import pytest
from tests.cli.conftest import Ended, Paybus
from tests.cli.gateway.conftest import ENCRYPTED, PLAIN, Shop

from paybus.gateway.china_time import CHINA_TIME

ISSUE = ("write-off", "issue", "--goods-name", "Set", "--goods-code", "G1", "--amount-fen", "8880")


@pytest.fixture
def trade_code(shop: Shop) -> str:
    """Give a number of a sale that was never used."""
    return f"T{shop.new_code()}"


def issue(paybus: Paybus, trade_code: str, *arguments: str) -> str:
    """Issue a code and give it."""
    ended = paybus(*ISSUE, trade_code, "--times", "2", "--merchant", PLAIN, "--json", *arguments)
    assert ended.code == 0, ended.complained
    code: str = json.loads(ended.printed)["verify_code"]
    return code


def told(ended: Ended) -> set[str]:
    """Give the lines of a table, each with single blanks."""
    return {" ".join(line.split()) for line in ended.printed.splitlines()}


def test_a_voucher_from_issue_to_redemption(shop: Shop, paybus: Paybus, trade_code: str) -> None:
    """Issued, looked up, redeemed at a till, and listed with what it was for."""
    code = issue(paybus, trade_code, "--valid-until", "2100-01-01", "--goods-spec", "2p", "--remarks", "r")
    looked = paybus("write-off", "look-up", trade_code, "--merchant", PLAIN)
    assert looked.code == 0
    assert told(looked) >= {"goods Set", "amount 88.80 yuan", "redeemed 0", "state good (1)", "remarks r"}
    redeemed = paybus("write-off", "redeem", code, "--device", trade_code, "--merchant", PLAIN)
    assert redeemed.code == 0
    assert told(redeemed) >= {"redeemed 1", f"trade code {trade_code}"}
    today = datetime.now(CHINA_TIME)
    days = (
        "--from",
        f"{today - timedelta(days=1):%Y-%m-%d}",
        "--to",
        f"{today + timedelta(days=1):%Y-%m-%d}",
    )
    listed = paybus("write-off", "list", "--device", trade_code, *days, "--merchant", PLAIN)
    _head, row = listed.printed.splitlines()
    assert code in row
    assert "88.80 yuan" in row
    as_json = paybus("write-off", "list", "--device", trade_code, *days, "--merchant", PLAIN, "--json")
    (redemption,) = json.loads(as_json.printed)["redemptions"]
    assert redemption["voucher"]["amount_fen"] == 8880


def test_a_cancelled_code_is_worthless(shop: Shop, paybus: Paybus, trade_code: str) -> None:
    """Cancelling says so; redeeming afterwards is the gateway's no."""
    code = issue(paybus, trade_code)
    ended = paybus("write-off", "cancel", trade_code, "--code", code, "--merchant", PLAIN)
    assert (ended.code, told(ended)) == (0, {"voucher cancelled"})
    looked = paybus("write-off", "look-up", trade_code, "--merchant", PLAIN)
    assert "state worthless (0)" in told(looked)
    refused = paybus("write-off", "redeem", code, "--device", "dev01", "--merchant", PLAIN)
    assert refused.code == 1
    assert refused.complained.startswith("the gateway refused, refused (FAIL)")


def test_places_say_who_may_redeem(shop: Shop, paybus: Paybus, trade_code: str) -> None:
    """Several merchants may share a number; without any it is our own."""
    code = issue(paybus, trade_code, "--place", f"{PLAIN}=1", "--place", f"{ENCRYPTED},0010000009=1")
    for merchant_id, expected in ((PLAIN, 0), (PLAIN, 1), (ENCRYPTED, 0)):
        ended = paybus("write-off", "redeem", code, "--device", "dev01", "--merchant", merchant_id)
        assert ended.code == expected, ended.complained


@pytest.mark.parametrize("place", ["", "=1", "0010000001", "0010000001=0", "0010000001=x", ",=1"])
def test_a_place_that_is_none_is_told(shop: Shop, paybus: Paybus, place: str) -> None:
    """Code 2, and how to write it."""
    ended = paybus(*ISSUE, "T1", "--times", "1", "--place", place, "--merchant", PLAIN)
    assert ended.code == 2
    assert ended.complained.startswith(f"--place {place}: write MERCHANT=TIMES")


def test_blank_values_are_missing_ones(shop: Shop, paybus: Paybus) -> None:
    """What the protocol requires is checked before anything is sent."""
    ended = paybus("write-off", "cancel", " ", "--code", "", "--merchant", PLAIN)
    assert (ended.code, ended.complained) == (2, "tradeCode, verifyCode: missing or blank\n")
