"""Signature, cipher, JSON and XML: nothing but the room's errors, and what was written reads back."""

from contextlib import suppress
import json
from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.material import ANYTHING, KEYS, OBJECTS, SEEDS, TEXTS, XML_OBJECTS, mixed
from tests.fuzz.target import BATCH, Target

from paybus.gateway.cipher import decrypt, encrypt
from paybus.gateway.document import read_document, read_json, read_xml, write_json, write_xml
from paybus.gateway.errors import DecryptionError, DocumentError
from paybus.gateway.members import read_request
from paybus.gateway.signature import sign, verify

BLANKS = str.maketrans("", "", "\t\n\x0b\x0c\r ")
SIGNS = st.text(alphabet="0123456789abcdefABCDEF: \n٣", max_size=60)
LONG_TEXTS = TEXTS | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
KEY_TEXTS = st.sampled_from(KEYS) | st.text(
    alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50
)


def signature_holds(data: tuple[str, str, str, int, str]) -> None:
    """Hold that a sign is right for its text alone, blanks aside, and all else is no sign of it."""
    text, other, key, timestamp_ms, junk = data
    assert verify(text, junk, key=key) is False
    assert verify(other, junk, key=key) is False
    made = sign(text, key=key, timestamp_ms=timestamp_ms)
    assert verify(text, made, key=key)
    assert verify(other, made, key=key) is (text.translate(BLANKS) == other.translate(BLANKS))


def signatures(texts: list[str], junk: list[str], seed: int) -> list[tuple[str, str, str, int, str]]:
    """Put texts, signs that are none, keys and times together."""
    chance = Random(seed)
    pick = chance.choice
    return [
        (pick(texts), pick(texts), pick(KEYS), chance.randrange(10 ** chance.randint(1, 19)), pick(junk))
        for _ in range(BATCH)
    ]


def cipher_holds(data: tuple[str, str, bytes, int]) -> None:
    """Hold that what was encrypted comes back, and damaged ciphertext is an error or some text."""
    text, key, junk, place = data
    wire = encrypt(text, key=key)
    assert decrypt(wire, key=key) == text
    for spoilt in (junk, wire[:place] + junk.decode("latin-1") + wire[place + 1 :]):
        with suppress(DecryptionError):
            assert isinstance(decrypt(spoilt, key=key), str)


def ciphers(texts: list[str], key: str, seed: int) -> list[tuple[str, str, bytes, int]]:
    """Put texts and what is no ciphertext together."""
    chance = Random(seed)
    return [
        (chance.choice(texts), key, chance.randbytes(chance.randrange(30)), chance.randrange(60))
        for _ in range(BATCH)
    ]


def json_holds(data: tuple[dict[str, Any], bytes]) -> None:
    """Hold that what was written reads back, and anything else is refused or what another reader has."""
    document, junk = data
    with suppress(DocumentError):  # integers beyond 64 bits are read and not written
        assert read_json(write_json(document)) == document
    with suppress(DocumentError):
        assert read_json(junk) == json.loads(junk.decode("utf-8"))


def xml_holds(data: tuple[dict[str, Any], bytes]) -> None:
    """Hold that what was written reads back, and anything else is refused or one root without DOCTYPE."""
    content, junk = data
    with suppress(DocumentError):  # a name that XML does not have
        assert read_xml(write_xml("ORDER_REQ", content)) == {"ORDER_REQ": _as_xml_has_it(content)}
    text = junk.decode("utf-8", "replace")
    with suppress(DocumentError):
        assert len(read_xml(text)) == 1
        assert "<!doctype" not in text.lower() or "<![CDATA[" in text or "<!--" in text


def _as_xml_has_it(value: Any) -> Any:
    """Say what is left of a value in XML: no empty lists, no lists of one, nothing for an empty object."""
    if not isinstance(value, dict):
        return value
    content = {}
    for name, below in value.items():
        if flat := [_as_xml_has_it(one) for one in _flat(below)]:
            content[name] = flat[0] if len(flat) == 1 else flat
    return content or ""


def _flat(value: Any) -> list[Any]:
    """Give the elements that a value becomes: a list of lists is as many elements as there are in all."""
    return [one for below in value for one in _flat(below)] if isinstance(value, list) else [value]


def documents_hold(junk: bytes) -> None:
    """Hold that a text is a document or refused, also as a request."""
    text = junk.decode("utf-8", "surrogateescape")
    with suppress(DocumentError):
        assert isinstance(read_document(text), dict)
    with suppress(DocumentError):
        read_request(text).text("AMT")


SOME_TEXTS = st.lists(LONG_TEXTS, min_size=1, max_size=6)
TARGETS = (
    Target(
        "signature",
        st.builds(signatures, SOME_TEXTS, st.lists(SIGNS, min_size=1, max_size=6), SEEDS),
        signature_holds,
    ),
    Target("cipher", st.builds(ciphers, SOME_TEXTS, KEY_TEXTS, SEEDS), cipher_holds),
    Target("json", st.builds(mixed, OBJECTS, ANYTHING), json_holds),
    Target("xml", st.builds(mixed, XML_OBJECTS, ANYTHING), xml_holds),
    Target("documents", ANYTHING, documents_hold),
)
