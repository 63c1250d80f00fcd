"""The search for secrets in what a system writes about itself: by the values, not by their names."""

from collections.abc import Iterable, Iterator, Mapping
import json
import re
from urllib.parse import quote, quote_plus

_DIGITS = re.compile(r"(?<![\w.])\d{13,19}(?!\w)")
# Ids of traces are hexadecimal and random: some are digits alone.
_OF_TRACES = re.compile(r'(?:trace|span)_id"?[:=]"\w+"|\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b')


def leaks(secrets: Mapping[str, Iterable[str]], texts: Mapping[str, str]) -> list[str]:
    """Name what is found where: the kind of secret, or the number that could be a card's, and the text."""
    found = [
        f"{kind} in {where}"
        for where, text in texts.items()
        for kind, values in secrets.items()
        if any(form in text for value in values for form in _forms(value))
    ]
    return found + [f"{number} in {where}" for where, text in texts.items() for number in cards(text)]


def cards(text: str) -> Iterator[str]:
    """Give the numbers in *text* that could be a card's: 13 to 19 digits whose check digit is right."""
    return (number for number in _DIGITS.findall(_OF_TRACES.sub("", text)) if is_card(number))


def is_card(digits: str) -> bool:
    """Say whether the last digit is the right one (Luhn)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def with_check_digit(digits: str) -> str:
    """Make a number that could be a card's."""
    return next(f"{digits}{last}" for last in range(10) if is_card(f"{digits}{last}"))


def _forms(value: str) -> set[str]:
    """Give a value as it stands in plain text, in an address, and in JSON."""
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
