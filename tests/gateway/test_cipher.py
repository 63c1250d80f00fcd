"""Encryption gives back what went in, or says so."""

from hypothesis import assume, given
from hypothesis import strategies as st
import pytest

from paybus.gateway.cipher import decrypt, encrypt, key_bytes
from paybus.gateway.errors import DecryptionError

KEY = "TESTKEY0123456789ABCDEFGHIJKLMNO"
KEYS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=50)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXTS, KEYS)
def test_round_trip(text: str, key: str) -> None:
    """Decryption with the same key gives the text again, for keys of every length."""
    wire = encrypt(text, key=key)
    assert decrypt(wire, key=key) == text
    assert decrypt(wire.encode(), key=key) == text


@given(TEXTS)
def test_one_line_of_standard_base64(text: str) -> None:
    """The ciphertext is one line of the standard alphabet in whole blocks."""
    wire = encrypt(text, key=KEY)
    assert set(wire) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert len(wire) % 4 == 0


@given(TEXTS, KEYS)
def test_only_24_characters_of_the_key_count(text: str, key: str) -> None:
    """Characters behind the 24th do not change the ciphertext."""
    long = key.ljust(24, "x")[:24]
    assert encrypt(text, key=long) == encrypt(text, key=long + "tail")


@pytest.mark.parametrize("key", ["12345678", "A", "ABCDEFGH" * 3, "ABCDEFGHABCDEFGH12345678"])
def test_degenerate_keys_work(key: str) -> None:
    """Keys with equal thirds are used as they are, although libraries refuse them."""
    assert decrypt(encrypt("text", key=key), key=key) == "text"


def test_line_breaks_blanks_and_quotes_are_dropped() -> None:
    """A ciphertext that was wrapped or quoted on its way is still read."""
    wire = encrypt("a longer text than one block", key=KEY)
    assert decrypt(f'"{wire[:10]}\r\n{wire[10:]} "', key=KEY) == "a longer text than one block"


@pytest.mark.parametrize("wire", ["", " ", '{"A":1}', "H4VHiSAS", "abc", "嗖", "-_-_-_-_", b"\xff\xfe"])
def test_what_is_no_ciphertext_is_refused(wire: str | bytes) -> None:
    """Plain text, odd lengths and foreign characters are a DecryptionError."""
    with pytest.raises(DecryptionError):
        decrypt(wire, key=KEY)


def test_wrong_key_is_refused_without_showing_anything() -> None:
    """A wrong key is an error whose text and chain show neither key nor content."""
    wire = encrypt('{"AMT":"158.0"}', key=KEY)
    other = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233a"
    with pytest.raises(DecryptionError) as caught:
        decrypt(wire, key=other)
    assert other not in str(caught.value)
    assert caught.value.__cause__ is None


@given(TEXTS)
def test_a_wrong_key_never_gives_the_text(text: str) -> None:
    """Another key gives an error or something else, never the text."""
    assume(text)
    try:
        read = decrypt(encrypt(text, key=KEY), key="EXACTLY24CHARACTERKEY!!!")
    except DecryptionError:
        return
    assert read != text


def test_key_bytes_are_low_bytes_padded_with_zeros() -> None:
    """The DES key is made of the low 8 bits of the characters, with zeros behind."""
    assert key_bytes("A\u0141") == b"AA" + bytes(22)


def test_a_key_is_made_of_javas_characters() -> None:
    """Beyond the first plane a character is two of Java's, also at the cut behind the 24th."""
    assert key_bytes("\U0001f600!") == b"\x3d\x00!" + bytes(21)
    assert key_bytes("x" * 23 + "\U0001f600") == b"x" * 23 + b"\x3d"
