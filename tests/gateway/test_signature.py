"""A sign proves the text that was signed, and nothing else passes."""

import hashlib

from hypothesis import assume, given
from hypothesis import strategies as st
import pytest

from paybus.gateway.errors import InvalidParameterError
from paybus.gateway.signature import sign, verify

KEY = "TESTKEY0123456789ABCDEFGHIJKLMNO"
KEYS = st.text(alphabet="ABCdef0123456789", min_size=8, max_size=40)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
TIMES = st.integers(min_value=0, max_value=10**19 - 1)
BLANKS = "\t\n\x0b\x0c\r "


@given(TEXTS, KEYS, TIMES)
def test_own_sign_verifies(text: str, key: str, timestamp_ms: int) -> None:
    """What sign() makes, verify() accepts, as text and as UTF-8 bytes."""
    made = sign(text, key=key, timestamp_ms=timestamp_ms)
    assert verify(text, made, key=key)
    assert verify(text.encode(), made, key=key)
    assert made == sign(text.encode(), key=key, timestamp_ms=timestamp_ms)


@given(TEXTS, TEXTS)
def test_other_text_is_refused(text: str, other: str) -> None:
    """A sign is good for its own text only; texts that differ in the six blanks alone are the same text."""
    same = text.translate(dict.fromkeys(map(ord, BLANKS))) == other.translate(dict.fromkeys(map(ord, BLANKS)))
    assert verify(other, sign(text, key=KEY, timestamp_ms=1), key=KEY) is same


@given(TEXTS, KEYS, KEYS)
def test_other_key_is_refused(text: str, key: str, other: str) -> None:
    """A sign made with one key does not pass for another."""
    assume(key != other)
    assert not verify(text, sign(text, key=key, timestamp_ms=1), key=other)


@given(st.integers(min_value=0, max_value=45), st.characters(exclude_categories=["Cs"]))
def test_any_changed_character_of_the_sign_is_refused(position: int, character: str) -> None:
    """Changing any one character of a sign makes it worthless."""
    good = sign("text", key=KEY, timestamp_ms=1_500_000_000_123)
    bad = good[:position] + character + good[position + 1 :]
    assert verify("text", bad, key=KEY) is (bad == good)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda made: made + "\n",
        lambda made: " " + made,
        lambda made: made[:32],
        lambda made: made[:33],
        lambda made: made + "0" * 19,
        lambda made: made.replace(":", "%3A"),
        lambda made: made[:0],
    ],
)
def test_malformed_signs_are_refused(change: object) -> None:
    """Only 32 lower-case hex digits, a colon and up to 19 digits are a sign."""
    made = sign("text", key=KEY, timestamp_ms=1_500_000_000_123)
    assert callable(change)
    assert not verify("text", change(made), key=KEY)


def test_letters_in_the_timestamp_are_refused_even_with_the_right_digest() -> None:
    """The timestamp must be digits, because the construction could be extended otherwise."""
    digest = hashlib.md5(f"15x{KEY}text".encode(), usedforsecurity=False).hexdigest()
    assert not verify("text", f"{digest}:15x", key=KEY)
    right = hashlib.md5(f"15{KEY}text".encode(), usedforsecurity=False).hexdigest()
    assert verify("text", f"{right}:15", key=KEY)


def test_text_that_utf8_cannot_hold_is_never_signed() -> None:
    """Half a surrogate pair cannot be sent: signing it is an error, and no sign is right for it."""
    with pytest.raises(InvalidParameterError):
        sign("\ud800", key=KEY, timestamp_ms=1)
    assert not verify("\ud800", sign("?", key=KEY, timestamp_ms=1), key=KEY)


@pytest.mark.parametrize("blank", ["\u3000", "\u00a0", "\u0085", "\x1c", "\u2003", "\u2028", "\ufeff"])
def test_other_unicode_spaces_are_signed(blank: str) -> None:
    """Only the six ASCII blanks are left out of the signed text."""
    assert not verify(f"a{blank}b", sign("ab", key=KEY, timestamp_ms=1), key=KEY)
