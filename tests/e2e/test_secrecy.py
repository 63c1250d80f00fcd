"""The search for secrets finds them in every form, and takes nothing else for one."""

from urllib.parse import quote

import pytest
from tests.e2e.secrecy import cards, is_card, leaks, with_check_digit

CARD = "4111111111111111"
SPAN = with_check_digit("123456789012345")


@pytest.mark.parametrize("form", ["{}", '"{}"', "tea on {}, please", "card={}&x=1", '{{"subject":"{}"}}'])
def test_a_cards_number_is_found(form: str) -> None:
    """Wherever digits stand by themselves and the last of them checks the others."""
    assert list(cards(form.format(CARD))) == [CARD]
    assert list(cards(form.format("4111111111111112"))) == []


@pytest.mark.parametrize(
    "text",
    [
        f'"trace_id":"{"1" * 32}","span_id":"{SPAN}"',
        f'# {{span_id="{SPAN}",trace_id="{"1" * 32}"}} 0.05',
        f"00-{'1' * 32}-{SPAN}-01",
        f"0.{SPAN}",
        f"C{SPAN}",
        "411111111111",
    ],
)
def test_ids_fractions_and_codes_are_no_cards(text: str) -> None:
    """A span's id may be sixteen digits by chance: that is one in ten thousand, and there are thousands."""
    assert is_card(SPAN)
    assert list(cards(text)) == []


@pytest.mark.parametrize(
    "form", ["k3y'of/the&shop", quote("k3y'of/the&shop", safe=""), "x k3y'of/the&shop y"]
)
def test_a_secret_is_found_as_it_stands_in_an_address_too(form: str) -> None:
    """What was quoted on its way is no less told; the report names the kind, not the value."""
    secrets = {"a key": ["k3y'of/the&shop"]}
    assert leaks(secrets, {"the log": form, "the page": "nothing"}) == ["a key in the log"]
