"""The gateway's optional encryption: Triple DES, ECB, PKCS#7, Base64 on one line (docs/protocol.md §3).

It hides a body on plain HTTP and nothing more: equal blocks look equal, and nothing protects the
ciphertext from being changed. Authenticity comes from the signature or from TLS.
"""

from base64 import b64decode, b64encode
from typing import Final

from Crypto.Cipher import DES, DES3
from Crypto.Util.Padding import pad, unpad

from paybus.gateway.errors import DecryptionError

ENCRYPT: Final = "3DES"
"""The one value of the `encrypt` parameter that switches encryption on; compared exactly."""

_BLOCK = 8
_KEY = 24
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
# What may stand between Base64 characters and means nothing: line breaks, blanks, quotes and the like.
_DROPPED = bytes(set(range(128)) - set(_ALPHABET))


def encrypt(text: str | bytes, *, key: str) -> str:
    """Encrypt UTF-8 *text* with the merchant key; gives one line of Base64."""
    data = text.encode() if isinstance(text, str) else text
    return b64encode(_blocks(pad(data, _BLOCK), key=key, forward=True)).decode("ascii")


def decrypt(ciphertext: str | bytes, *, key: str) -> str:
    """Decrypt Base64 *ciphertext* (other ASCII characters are dropped); raises DecryptionError."""
    try:
        wire = ciphertext.encode("ascii") if isinstance(ciphertext, str) else ciphertext
        data = b64decode(wire.translate(None, _DROPPED), validate=True)
        return unpad(_blocks(data, key=key, forward=False), _BLOCK).decode("utf-8")
    except ValueError:  # not ASCII, not Base64, not whole blocks, padding or UTF-8 wrong
        # Not chained: the cause could show parts of what was decrypted.
        raise DecryptionError(f"{len(ciphertext)} characters do not decrypt") from None


def key_bytes(key: str) -> bytes:
    """Give the 24 bytes of the DES key: the low 8 bits of the first 24 characters, zeros behind.

    Characters are Java's: UTF-16 units.
    """
    return key.encode("utf-16-le", "surrogatepass")[: 2 * _KEY : 2].ljust(_KEY, b"\0")


def _blocks(data: bytes, *, key: str, forward: bool) -> bytes:
    parts = key_bytes(key)
    try:
        cipher = DES3.new(parts, DES3.MODE_ECB)
    except ValueError:  # two neighbouring thirds are equal: the library refuses, the gateway does not
        return _three_times(data, parts, forward=forward)
    return bytes(cipher.encrypt(data) if forward else cipher.decrypt(data))


def _three_times(data: bytes, parts: bytes, *, forward: bool) -> bytes:
    """Encrypt-decrypt-encrypt by hand with single DES, backwards for decryption."""
    first, second, third = (DES.new(parts[start : start + 8], DES.MODE_ECB) for start in (0, 8, 16))
    if forward:
        return bytes(third.encrypt(second.decrypt(first.encrypt(data))))
    return bytes(first.decrypt(second.encrypt(third.decrypt(data))))
