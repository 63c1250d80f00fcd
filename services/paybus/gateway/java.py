"""How Java prints a double, and the order in which its hash tables list what they hold.

Needed to repeat the vendor's requests byte for byte, and for nothing else (docs/protocol.md §5.0, §10).
"""

from collections.abc import Iterable
from decimal import Decimal


def double_text(number: str) -> str:
    """Write *number* as Java prints a double: shortest, one decimal at least, exponents from 10**7 up."""
    double = Decimal(
        repr(float(number))
    ).normalize()  # Python, too, gives the shortest text of the same double
    minus, digits, exponent = double.as_tuple()
    assert isinstance(exponent, int), "there is no text for what is not a finite number"
    shown, power = "".join(map(str, digits)), len(digits) - 1 + exponent
    if double and not -3 <= power < 7:
        return f"{'-' * minus}{shown[0]}.{shown[1:] or '0'}E{power}"
    whole, _, fraction = f"{double:f}".partition(".")
    return f"{whole}.{fraction or '0'}"


def java_hash(text: str) -> int:
    """Give Java's hash of a string, spread as HashMap spreads it (32 bits)."""
    code = 0
    units = text.encode("utf-16-be")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (code * 31 + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ code >> 16


def hash_order(names: Iterable[str], *, capacity: int = 16) -> list[str]:
    """Give *names* in the order in which a HashMap lists them, inserted one by one from *capacity* up."""
    inserted = list(dict.fromkeys(names))
    while len(inserted) > capacity * 0.75:
        capacity *= 2
    return sorted(inserted, key=lambda name: java_hash(name) & (capacity - 1))


def copied_capacity(count: int) -> int:
    """Give the capacity with which a HashMap starts that is made from another of *count* entries."""
    if count == 0:
        return 16
    wanted, capacity = int(count / 0.75 + 1), 1
    while capacity < wanted:
        capacity *= 2
    return capacity
