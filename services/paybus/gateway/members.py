"""The members of a document, read as loosely as the gateway writes them (docs/protocol.md §4).

Names are matched without regard to case; numbers may be strings and the reverse. What is there but
cannot be read is None and its name is kept in `unreadable`: nothing is dropped silently.
"""

from collections.abc import Callable
import re
from typing import Any

from paybus.gateway.amount import FundBill, read_fund_bill
from paybus.gateway.document import as_list, read_document
from paybus.gateway.errors import DocumentError
from paybus.trades.money import Fen, MoneyError, fen_from_yuan, read_fen

_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,9})(?:\.0*)?\s*", re.ASCII)
_TOO_LARGE = 10**9  # as in the pattern, nine digits: these are codes, states and counts, never ids


class Members:
    """Typed access to one level of a document; names are given in upper case. Never raises.

    Of members whose names differ in case alone and that contradict each other, none is believed.
    """

    __slots__ = ("_values", "unreadable")

    def __init__(self, document: dict[str, Any]) -> None:
        self._values = {name.upper(): value for name, value in document.items()}
        self.unreadable: list[str] = []
        if len(self._values) != len(document):
            self._drop_contradictions(document)

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def value(self, name: str) -> Any:
        """Give the member as it came, None if it is missing."""
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """Give the member as text; missing and null are None, an empty text stays empty."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.unreadable.append(name)
        return None

    def integer(self, name: str) -> int | None:
        """Give the member as integer of up to nine digits; missing, null and empty are None."""
        value = self._given(name)
        if value is None:
            return None
        if type(value) is int and -_TOO_LARGE < value < _TOO_LARGE:
            return value
        match = None if isinstance(value, bool) else _INTEGER.fullmatch(str(value))
        if match is None:
            self.unreadable.append(name)
            return None
        return int(match[1])

    def fen(self, name: str) -> Fen | None:
        """Give the member as fen (zero allowed); missing, null and empty are None."""
        return self._amount(name, read_fen)

    def yuan(self, name: str) -> Fen | None:
        """Give the member, which is yuan, as fen (zero allowed); missing, null and empty are None."""
        return self._amount(name, fen_from_yuan)

    def below(self, name: str) -> "Members | None":
        """Give the members of an object; None for what is no object."""
        value = self._values.get(name)
        return Members(value) if isinstance(value, dict) else None

    def truth(self, name: str) -> bool:
        """Say whether the member is a yes: true, 1, or one of them as text."""
        return str(self._values.get(name)).strip().lower() in {"true", "1"}

    def records(self, name: str, inner: str = "") -> list[dict[str, Any]]:
        """Give the records of a list member in any of its shapes (docs/protocol.md §8 #15)."""
        return as_list(self._values.get(name), inner)

    def fund_bills(self) -> tuple[FundBill, ...]:
        """Give the funds of FUND_BILL_LIST; an amount that cannot be read is None and noted."""
        bills = tuple(
            read_fund_bill(record.value("AMOUNT"), record.value("FUND_CHANNEL"))
            for record in map(Members, self.records("FUND_BILL_LIST", "TRADEFUNDBILL"))
        )
        if any(bill.amount_fen is None for bill in bills):
            self.unreadable.append("AMOUNT")
        return bills

    def result(self) -> tuple[str, str | None]:
        """Give (return code, info text): upper case, SUCESS as SUCCESS, "" where there is no code.

        A bare string in place of the object is the code (docs/protocol.md §8 #1, #5).
        """
        result = self._values.get("RESULT")
        if isinstance(result, dict):
            inner = Members(result)
            code, info = return_code(inner.text("CODE")), inner.text("INFO")
            self.unreadable.extend(inner.unreadable)
            return code, info
        return return_code(result if isinstance(result, str) else None), None

    def _given(self, name: str) -> Any:
        """Give the member; a text of blanks alone is nothing."""
        value = self._values.get(name)
        return None if isinstance(value, str) and not value.strip() else value

    def _amount(self, name: str, read: Callable[..., Fen]) -> Fen | None:
        value = self._given(name)
        if value is None:
            return None
        try:
            return read(value, zero_allowed=True)
        except MoneyError:
            self.unreadable.append(name)
            return None

    def _drop_contradictions(self, document: dict[str, Any]) -> None:
        for name in {name.upper() for name, value in document.items() if self._values[name.upper()] != value}:
            self._values[name] = None
            self.unreadable.append(name)


def return_code(text: str | None) -> str:
    """Normalise a return code: trimmed, upper case, the document's SUCESS as SUCCESS, None as ""."""
    code = (text or "").strip().upper()
    return "SUCCESS" if code == "SUCESS" else code


def read_request(text: str) -> Members:
    """Read a request body: a flat JSON object, or XML under any `*_REQ` root; raises DocumentError."""
    document = read_document(text)
    if not text.lstrip().startswith("<"):
        return Members(document)
    ((root, content),) = document.items()
    if not root.upper().endswith("_REQ") or not isinstance(content, dict):
        raise DocumentError("not a request document")
    return Members(content)
