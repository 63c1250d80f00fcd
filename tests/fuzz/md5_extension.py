"""Extends a text that was signed with MD5(secret + text), without the secret: the attack on the sign.

MD5 ends in its inner state. Whoever has a digest can go on from there: behind the text comes the padding
that MD5 itself would have added, and then anything.
"""

from math import floor, sin
import struct

_SHIFTS = [
    shift for row in ([7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]) for shift in row * 4
]
_CONSTANTS = [floor(abs(sin(number + 1)) * 2**32) for number in range(64)]
_MASK = 2**32 - 1


def extend(digest: str, length: int, suffix: bytes) -> tuple[bytes, str]:
    """Give what follows the text, padding and *suffix*, and the digest over all of it.

    *length* is that of secret and text together, in bytes: an attacker tries all that there are.
    """
    padding = b"\x80" + bytes((55 - length) % 64) + struct.pack("<Q", length * 8)
    state = struct.unpack("<4I", bytes.fromhex(digest))
    whole = length + len(padding) + len(suffix)
    end = suffix + b"\x80" + bytes((55 - whole) % 64) + struct.pack("<Q", whole * 8)
    for start in range(0, len(end), 64):
        state = _block(state, end[start : start + 64])
    return padding + suffix, struct.pack("<4I", *state).hex()


def _block(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = struct.unpack("<16I", block)
    a, b, c, d = state
    for number in range(64):
        mixed, index = _round(number, b, c, d)
        turned = (a + mixed + _CONSTANTS[number] + words[index]) & _MASK
        shift = _SHIFTS[number]
        a, d, c, b = d, c, b, (b + (turned << shift | turned >> (32 - shift))) & _MASK
    return tuple((before + after) & _MASK for before, after in zip(state, (a, b, c, d), strict=True))


def _round(number: int, b: int, c: int, d: int) -> tuple[int, int]:
    match number // 16:
        case 0:
            return (b & c) | (~b & d), number
        case 1:
            return (d & b) | (~d & c), (5 * number + 1) % 16
        case 2:
            return b ^ c ^ d, (3 * number + 5) % 16
        case _:
            return c ^ (b | (~d & _MASK)), 7 * number % 16
