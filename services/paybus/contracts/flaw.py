"""What is wrong with a value that does not fit its model, where, and what to do."""

from dataclasses import dataclass
import re
from typing import Final

from paybus.trades.money import MAX_FEN

_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `([^`]+)`")
_AMOUNT = f"write it as a whole number of fen from 1 to {MAX_FEN}, without fraction or exponent"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One flaw, the first that the reader met."""

    reason: str
    sentence: str


def flaw_of(message: str) -> Flaw:
    """Read the text of a msgspec.ValidationError; it may quote the value, so only its ends are trusted."""
    path = _PATH.search(message)
    where = path[1] if path else ""
    what = message[: path.start()] if path else message
    if missing := _MISSING.fullmatch(what):
        field = f"{where}.{missing[1]}" if where else missing[1]
        return Flaw("field_missing", f"{field} is missing; add it and send the command again")
    if where == "amount_fen":
        return Flaw("amount_invalid", f"{where}: {what}; {_AMOUNT}")
    return Flaw("field_invalid", f"{where or 'the value'}: {what}; correct it and send the command again")
