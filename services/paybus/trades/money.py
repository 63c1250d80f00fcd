"""Money: integer fen inside, yuan text and fen values at the edges, decimal arithmetic only.

One yuan is 100 fen. The gateway writes and reads both units (docs/protocol.md §4, §5.1), so every
amount passes through here exactly once on its way in and once on its way out; a float never takes
part in a calculation.
"""

from decimal import Decimal
import re
from typing import Final, NewType

Fen = NewType("Fen", int)
"""An amount in 1/100 yuan."""

MAX_FEN: Final = Fen(10**13)
"""100 thousand million yuan: above any real payment, and far below 2**53, so that an amount which
came as a JSON number with a fraction part (`15800.0`) is still exact."""

_MAX_TEXT = 40  # characters: MAX_FEN takes 14; the rest is room for zeros, an exponent, a currency sign
_NUMBER = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?")
_BLANKS = " \t\r\n"
_CURRENCY_SIGNS = ("¥", "￥")


class MoneyError(ValueError):
    """An amount that must not be used; nothing was rounded or guessed."""


class UnreadableAmountError(MoneyError):
    """The value is not a number in any form the gateway is known to write."""


class AmountNotPositiveError(MoneyError):
    """The amount is zero or negative."""


class AmountTooPreciseError(MoneyError):
    """The amount has a part smaller than one fen."""


class AmountTooLargeError(MoneyError):
    """The amount is above MAX_FEN."""


def yuan_text(amount: Fen) -> str:
    """Write *amount* (fen) as yuan with exactly two decimals: 15800 -> "158.00".

    Raises AmountNotPositiveError below zero: the wire has no negative amounts.
    """
    if amount < 0:
        raise AmountNotPositiveError(f"an amount of {amount} fen cannot be written")
    return f"{amount // 100}.{amount % 100:02d}"


def fen_from_yuan(value: object, *, zero_allowed: bool = False) -> Fen:
    """Read yuan ("158", "¥158.00", "1.0E7", 0.01) as fen; raises a MoneyError.

    Strings, integers and JSON numbers are taken. More than two significant decimals, a negative
    amount and (unless *zero_allowed*) zero are refused.
    """
    return _whole_fen(_decimal(value, currency_sign=True, shift=2), value, zero_allowed=zero_allowed)


def read_fen(value: object, *, zero_allowed: bool = False) -> Fen:
    """Read a fen value (15800, "15800", 15800.0) as the gateway's replies carry it; raises a MoneyError.

    A fraction other than zero is refused: it would mean that the value is yuan.
    """
    return _whole_fen(_decimal(value, currency_sign=False, shift=0), value, zero_allowed=zero_allowed)


def _decimal(value: object, *, currency_sign: bool, shift: int) -> Decimal:
    """Read a number times ten to the *shift*; made in one step, because each operation may round."""
    match = _NUMBER.fullmatch(_numeral(value, currency_sign=currency_sign))
    if match is None:
        raise UnreadableAmountError(f"not an amount: {_shown(value)}")
    sign, digits, exponent = match.groups()
    return Decimal(f"{sign}{digits}E{int(exponent or 0) + shift}")


def _numeral(value: object, *, currency_sign: bool) -> str:
    """Give the characters of the number; the shortest text of a float is the text it was read from."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableAmountError(f"not an amount: {_shown(value)}")
    if isinstance(value, int) and abs(value) > MAX_FEN:
        raise AmountTooLargeError("the amount is too large")
    text = str(value).strip(_BLANKS)
    if currency_sign and text.startswith(_CURRENCY_SIGNS):
        text = text[1:].lstrip(_BLANKS)
    if len(text) > _MAX_TEXT:
        raise UnreadableAmountError("not an amount: the text is too long")
    return text


def _whole_fen(amount: Decimal, value: object, *, zero_allowed: bool) -> Fen:
    if amount < 0 or (amount == 0 and not zero_allowed):
        raise AmountNotPositiveError(f"not above zero: {_shown(value)}")
    if amount > MAX_FEN:
        raise AmountTooLargeError(f"too large: {_shown(value)}")
    whole = int(amount)  # cheap: MAX_FEN bounds it
    if whole != amount:
        raise AmountTooPreciseError(f"smaller than one fen: {_shown(value)}")
    return Fen(whole)


def _shown(value: object) -> str:
    return repr(value)[:_MAX_TEXT]
