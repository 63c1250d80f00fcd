"""Whom the sandbox believes, in which order it checks, and how it answers who is refused."""

import json
from xml.etree import ElementTree as ET

import pytest
from tests.sandbox.house import MERCHANT, OTHER, House, payment

from paybus.gateway.cipher import decrypt, encrypt

BODY = json.dumps(
    {
        "BUSI_ID": MERCHANT.merchant_id, "OPER_ID": "o", "DEV_ID": "d", "AMT": "158.0",
        "DYNAMIC_ID": "28", "CHARGE_CODE": "C1", "PAY_SUBJECT": "绿 Tea", "NODIFY_URL": "null",
    },
    ensure_ascii=False,
)  # fmt: skip
ENCRYPTED = f"&_type=json&encrypt=3DES&busiCode={MERCHANT.merchant_id}"
QUERY = f"query/C1/{MERCHANT.merchant_id}"


def code_of(text: str, root: str = "ORDER_RESP") -> str:
    """Give the return code of a JSON reply."""
    return str(json.loads(text)[root]["RESULT"]["CODE"])


@pytest.mark.parametrize(
    ("body", "query", "made", "code"),
    [
        (BODY, "", "", "INVALID_SIGN"),
        (BODY, "", "0" * 32 + ":1", "INVALID_SIGN"),
        (BODY, "", "0" * 32, "INVALID_SIGN"),
        (BODY.replace("0010000001", "0099999999"), "", "", "UNREGISTERED_BUSI"),
        (BODY, "&busiCode=0099999999", None, "UNREGISTERED_BUSI"),
        (BODY, "&busiCode=0010000002", None, "INVALID_SIGN"),
        ('{"OPER_ID":"a"quote"}', "", None, "ILLEGAL_PARAMETER"),
        ("[]", "", None, "ILLEGAL_PARAMETER"),
        ("", "", None, "ILLEGAL_PARAMETER"),
        (BODY + "{}", "", None, "ILLEGAL_PARAMETER"),
        ("<!DOCTYPE a><ORDER_REQ/>", "", None, "ILLEGAL_PARAMETER"),
        ("<ORDER><BUSI_ID>0010000001</BUSI_ID></ORDER>", "", None, "ILLEGAL_PARAMETER"),
        ('{"OPER_ID":"o"}', "", None, "ILLEGAL_PARAMETER"),
        ('{"OPER_ID":"o"}', "&busiCode=0010000001", None, "ILLEGAL_PARAMETER"),
        (BODY, "&encrypt=3des", None, "ILLEGAL_PARAMETER"),
        (BODY, "&encrypt=", None, "SUCCESS"),
        (BODY, "&_type=json&_type=json", None, "SUCCESS"),
        (BODY, "&_type=json&_type=xml", None, "ILLEGAL_PARAMETER"),
    ],
)
async def test_what_is_wrong_with_a_post_is_named(
    house: House, body: str, query: str, made: str | None, code: str
) -> None:
    """Merchant before sign, sign before parameters; always HTTP 200, and no money without SUCCESS."""
    response = await house.post("preOrder", body, query=query, made=made)
    assert (response.status_code, code_of(response.text)) == (200, code)
    assert len(house.effects()) == (code == "SUCCESS")


@pytest.mark.parametrize("colon", [":", "%3A", "%3a"])
async def test_the_signs_colon_may_be_raw_or_encoded_anywhere_in_the_query(house: House, colon: str) -> None:
    """The order of parameters carries no meaning, and both spellings of the colon are accepted."""
    made = house.signed(BODY).replace(":", colon)
    url = f"{house.base}preOrder?_type=json&sign={made}"
    assert code_of((await house.http.post(url, content=BODY)).text) == "SUCCESS"


async def test_content_type_and_accept_mean_nothing(house: House) -> None:
    """`_type` alone decides the format of the reply."""
    url = f"{house.base}preOrder?_type=json&sign={house.signed(BODY)}"
    headers = {"Content-Type": "text/xml", "Accept": "text/html"}
    response = await house.http.post(url, content=BODY, headers=headers)
    assert code_of(response.text) == "SUCCESS"


async def test_another_type_gives_xml_with_the_same_names(house: House) -> None:
    """`_type=xml`: the same members as elements below the same root, also for refusals."""
    response = await house.post("preOrder", BODY, query="&_type=xml")
    assert response.headers["Content-Type"] == "text/xml;charset=UTF-8"
    root = ET.fromstring(response.text)  # noqa: S314 - our own reply
    assert (root.tag, root.findtext("RESULT/CODE"), root.findtext("AMT")) == (
        "ORDER_RESP",
        "SUCCESS",
        "15800",
    )
    assert root.findtext("FUND_BILL_LIST/TRADEFUNDBILL/AMOUNT") == "158.00"
    refused = await house.post("preOrder", BODY, query="&_type=xml")
    assert ET.fromstring(refused.text).findtext("RESULT/CODE") == "SERIAL_REPEAT"  # noqa: S314


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        (encrypt(BODY, key=MERCHANT.key), "", "SUCCESS"),
        (BODY, "", "ILLEGAL_PARAMETER"),
        (encrypt(BODY, key=OTHER.key), "", "ILLEGAL_PARAMETER"),
        (encrypt(BODY + " x", key=MERCHANT.key), "", "INVALID_SIGN"),
    ],
)
async def test_every_reply_to_an_encrypted_request_is_encrypted(
    house: House, body: str, query: str, code: str
) -> None:
    """Errors too, whatever is wrong, as long as the key is known."""
    response = await house.post("preOrder", body, query=ENCRYPTED + query, made=house.signed(BODY))
    assert code_of(decrypt(response.text, key=MERCHANT.key)) == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("&_type=xml&encrypt=3DES", "ILLEGAL_PARAMETER"),
        ("&_type=xml&encrypt=3DES&busiCode=0099999999", "UNREGISTERED_BUSI"),
    ],
)
async def test_without_a_key_the_reply_is_plain_json(house: House, query: str, code: str) -> None:
    """Who cannot be answered in secret is answered in plain JSON."""
    response = await house.post("preOrder", encrypt(BODY, key=MERCHANT.key), query=query)
    assert code_of(response.text) == code


@pytest.mark.parametrize(
    ("path", "text", "query", "code"),
    [
        (QUERY, "C1", "", "SUCCESS"),
        (QUERY, "C1", "&BUSI_ID=0010000001&busiCode=0010000001", "SUCCESS"),
        (QUERY, "C1", "&BUSI_ID=0010000002", "ILLEGAL_PARAMETER"),
        (QUERY, "C1", "&busiCode=0010000002", "ILLEGAL_PARAMETER"),
        (QUERY, "C2", "", "INVALID_SIGN"),
        ("query/C1/0099999999", "C1", "", "UNREGISTERED_BUSI"),
        ("query/C1/0010000002", "C1", "", "INVALID_SIGN"),
    ],
)
async def test_a_gets_path_names_the_merchant(
    house: House, path: str, text: str, query: str, code: str
) -> None:
    """The query repeats the merchant and must agree."""
    await house.client().pay(payment())
    response = await house.http.get(f"{house.base}{path}?sign={house.signed(text)}&_type=json{query}")
    assert code_of(response.text, "QUERY_RESP") == code


async def test_a_gets_reply_is_encrypted_when_it_asks(house: House) -> None:
    """A GET has no body to encrypt; its reply is encrypted all the same, a refusal too."""
    response = await house.http.get(f"{house.base}{QUERY}?sign=x&_type=json&encrypt=3DES&busiCode=0010000001")
    assert code_of(decrypt(response.text, key=MERCHANT.key), "QUERY_RESP") == "INVALID_SIGN"


@pytest.mark.parametrize("path", ["nothing", "preOrder/x", "query/C1", "query/C1/0010000001/x", ""])
async def test_what_is_no_operation_is_not_found(house: House, path: str) -> None:
    """HTTP 404 for paths and methods that the protocol does not have."""
    assert (await house.http.get(f"{house.base}{path}")).status_code == 404


async def test_a_body_above_the_limit_is_refused(house: House) -> None:
    """HTTP 413 before anything of it is read."""
    assert (await house.post("preOrder", b"x" * 300_000)).status_code == 413


async def test_refusals_are_counted(house: House) -> None:
    """The books count what was refused before it became a call."""
    await house.post("preOrder", BODY, made="x")
    assert (house.gateway.books.refusals, house.gateway.books.calls) == ({"INVALID_SIGN": 1}, [])
