"""Paths and queries are encoded as Java's form encoding does, and decode to what was meant."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.gateway.errors import InvalidParameterError
from paybus.gateway.merchant import Merchant
from paybus.gateway.target import Get, form_encode, get_query, post_query

MERCHANT = Merchant(
    merchant_id="0010000001", key="TESTKEY0", base_url="http://127.0.0.1/", oper_id="o", dev_id="d"
)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


def test_which_characters_stay() -> None:
    """Letters, digits and `. - * _`; a blank is a plus, all else percent escapes of UTF-8."""
    assert form_encode({"a": "Az09.-*_", "b": "~ +:/\n嗖"}) == "a=Az09.-*_&b=%7E+%2B%3A%2F%0A%E5%97%96"


@given(st.dictionaries(st.from_regex(r"[a-zA-Z_]{1,8}", fullmatch=True), TEXTS, max_size=6))
def test_what_is_encoded_decodes(parameters: dict[str, str]) -> None:
    """Every server reads back what was meant."""
    assert dict(parse_qsl(form_encode(parameters), keep_blank_values=True)) == parameters


@pytest.mark.parametrize("get", [Get("query", "\ud800", {}), Get("query", "", {"username": "\ud800"})])
def test_what_cannot_be_sent_is_told_before_it_is(get: Get) -> None:
    """Text that UTF-8 cannot hold is refused in the signed text and in any parameter."""
    with pytest.raises(InvalidParameterError):
        get_query(get, MERCHANT, timestamp_ms=1)


def test_the_colon_of_a_posts_sign_is_raw() -> None:
    """A POST's query is put together without escaping, a GET's with it."""
    assert ":1&" in post_query(b"{}", MERCHANT, timestamp_ms=1)
    assert "%3A1&" in get_query(Get("query", "C", {}), MERCHANT, timestamp_ms=1)
