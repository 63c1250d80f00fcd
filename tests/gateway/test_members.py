"""Members are found in any case and type, and nothing unreadable is dropped."""

import pytest

from paybus.gateway.amount import FundBill, write_fund_bill
from paybus.gateway.errors import DocumentError
from paybus.gateway.members import Members, read_request
from paybus.trades.money import Fen


@pytest.mark.parametrize("name", ["CHARGE_THIRD_CODE", "charge_THIRD_CODE", "charge_third_code"])
def test_names_in_any_case(name: str) -> None:
    """A member is found whatever the case of its name."""
    assert Members({name: "x"}).text("CHARGE_THIRD_CODE") == "x"


def test_contradicting_members_are_not_believed() -> None:
    """Of two members that differ in case alone and say different things, neither is believed."""
    assert Members({"AMT": 1, "amt": 1}).fen("AMT") == 1
    members = Members({"AMT": 1, "amt": 2, "STATE": 1})
    assert (members.fen("AMT"), members.integer("STATE")) == (None, 1)
    assert members.unreadable == ["AMT"]
    members = Members({"RESULT": {"CODE": "SUCCESS", "code": "FAIL"}})
    assert members.result() == ("", None)
    assert members.unreadable == ["CODE"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), ("1", 1), (" 12 ", 12), (1.0, 1), ("1.0", 1), (0, 0), ("0", 0), ("", None), (None, None)],
)
def test_integers(value: object, expected: int | None) -> None:
    """Numbers are read from numbers and from texts; nothing stays nothing."""
    members = Members({"STATE": value})
    assert members.integer("STATE") == expected
    assert members.unreadable == []


@pytest.mark.parametrize("value", [True, "one", "1.5", 1.5, [1], {}, "1" * 10, 10**9, -(10**30), 1e16, "¥1"])
def test_unreadable_integers_are_noted(value: object) -> None:
    """A number that cannot be read is None and its name is kept."""
    members = Members({"STATE": value})
    assert members.integer("STATE") is None
    assert members.unreadable == ["STATE"]


@pytest.mark.parametrize("value", ["¥158.00", "158.01", 1.5, -1, True, [1]])
def test_unreadable_amounts_are_noted(value: object) -> None:
    """An amount that cannot be read is None and its name is kept."""
    members = Members({"AMT": value})
    assert members.fen("AMT") is None
    assert members.unreadable == ["AMT"]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"CODE": "SUCCESS", "INFO": "ok"}, ("SUCCESS", "ok")),
        ({"CODE": " sucess "}, ("SUCCESS", None)),
        ({"code": "Fail", "info": None}, ("FAIL", None)),
        ("SUCCESS", ("SUCCESS", None)),
        ({"CODE": "NEVER_SEEN"}, ("NEVER_SEEN", None)),
        ({}, ("", None)),
        (None, ("", None)),
        (7, ("", None)),
    ],
)
def test_result(result: object, expected: tuple[str, str | None]) -> None:
    """The return code is read from the object or the bare string, unknown codes are kept, none is ""."""
    assert Members({"RESULT": result}).result() == expected


def test_fund_bills() -> None:
    """Funds are yuan, as text or number; a lost leading zero is restored; an unreadable amount is noted."""
    bills = [
        {"AMOUNT": "100.00", "FUND_CHANNEL": "10"},
        {"amount": 0.01, "fund_channel": 0},
        {"AMOUNT": "?", "FUND_CHANNEL": "00"},
    ]
    members = Members({"FUND_BILL_LIST": {"TRADEFUNDBILL": bills}})
    assert members.fund_bills() == (
        FundBill("10", Fen(10000)),
        FundBill("00", Fen(1)),
        FundBill("00", None),
    )
    assert members.unreadable == ["AMOUNT"]


def test_fund_bill_is_written_in_yuan() -> None:
    """A fund is written as yuan text with two decimals."""
    assert write_fund_bill(FundBill("10", Fen(15800))) == {"AMOUNT": "158.00", "FUND_CHANNEL": "10"}


def test_requests_are_flat_json_or_xml_under_any_request_root() -> None:
    """A request body is read from flat JSON and from XML under a root that ends in _REQ."""
    assert read_request('{"AMT":"1"}').text("AMT") == "1"
    assert read_request(" <ORDER_REQ><AMT>1</AMT></ORDER_REQ>").text("AMT") == "1"
    with pytest.raises(DocumentError):
        read_request("<OTHER><AMT>1</AMT></OTHER>")
