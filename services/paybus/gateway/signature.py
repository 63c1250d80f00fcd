"""The gateway's signature: MD5 over timestamp, key and the text without blanks (docs/protocol.md §2)."""

import hashlib
import hmac
import re

from paybus.gateway.errors import InvalidParameterError

_BLANKS = b"\t\n\x0b\x0c\r "  # exactly these six; no other Unicode space is removed
_FORMAT = re.compile(r"[0-9a-f]{32}:[0-9]{1,19}", re.ASCII)


def sign(text: str | bytes, *, key: str, timestamp_ms: int) -> str:
    """Sign *text* (before encryption; bytes must be UTF-8): `<32 hex digits>:<milliseconds>`.

    Raises InvalidParameterError for text that UTF-8 cannot hold.
    """
    try:
        return _sign(text, key, str(timestamp_ms))
    except UnicodeEncodeError:
        raise InvalidParameterError("what is to be signed must be text that UTF-8 can hold") from None


def is_sign(text: str) -> bool:
    """Say whether *text* has the form of a sign: 32 lower-case hex digits, a colon, 1 to 19 digits."""
    return _FORMAT.fullmatch(text) is not None


def verify(text: str | bytes, sign: str, *, key: str) -> bool:
    """Say whether *sign* was made over *text* with *key*; a malformed sign is simply false.

    Only digits may follow the colon and the comparison takes the same time whatever differs.
    Whoever calls this must also refuse bytes that are not UTF-8 and data behind the document:
    the construction can be extended without the key (docs/protocol.md §2).
    """
    if not is_sign(sign):
        return False
    try:
        return hmac.compare_digest(_sign(text, key, sign[33:]), sign)
    except UnicodeEncodeError:  # text that UTF-8 cannot hold was never signed
        return False


def _sign(text: str | bytes, key: str, timestamp: str) -> str:
    data = text.encode() if isinstance(text, str) else text
    # The blanks are ASCII, so removing their bytes from UTF-8 removes exactly those characters.
    digest = hashlib.md5((timestamp + key).encode() + data.translate(None, _BLANKS), usedforsecurity=False)
    return f"{digest.hexdigest()}:{timestamp}"
