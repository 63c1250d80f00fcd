"""Bytes that anybody may have sent, made fit for a terminal: no secret in them, nothing that steers it."""

from collections.abc import Sequence
import re
from typing import Final

from paybus.telemetry.redaction import REDACTED, is_secret_name, redact_text

MOST_BYTES: Final = 64 * 1024
"""As long as a command may be; a record may be sixteen times that, and nobody reads it on a screen."""

# What a customer's wallet shows is good for one payment. A record that is no JSON may have it in any
# spelling, also in UTF-16, where every letter has a zero beside it.
_LETTERS: Final = rb"\x00?".join(re.escape(bytes([letter])) for letter in b"auth")
_CODE: Final = rb"\x00?".join(re.escape(bytes([letter])) for letter in b"code")
_AUTH_CODE = re.compile(rb"(?i)(" + _LETTERS + rb"\x00?_?\x00?" + _CODE + rb"\W{0,32})((?:[0-9]\x00?){4,})")
_DIGIT = re.compile(rb"[0-9]")


def legible(part: bytes | None, *, lines: bool = False) -> str:
    """Give *part* as text, or in hexadecimal digits if it is none; line ends stay if *lines* are wanted."""
    if part is None:
        return "null"
    text = redact_text(_AUTH_CODE.sub(_mask, part).decode("utf-8", "surrogateescape"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"0x{text.encode('utf-8', 'surrogateescape')[:MOST_BYTES].hex()}"
    text = text[:MOST_BYTES]
    return "".join(one if one.isprintable() or (lines and one == "\n") else _escape(one) for one in text)


def plain(text: str) -> str:
    """Give a text that may quote a record, on one line."""
    return legible(text.encode("utf-8", "replace"))


def header_lines(headers: Sequence[tuple[str, bytes | None]]) -> list[str]:
    """Give one line a header; the value of one that is named like a secret is not shown."""
    return [
        f"{plain(name)} = {REDACTED if is_secret_name(name) and value else legible(value)}"
        for name, value in headers
    ]


def _mask(found: re.Match[bytes]) -> bytes:
    return found[1] + _DIGIT.sub(b"*", found[2])


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
