"""A request's members: what must be there, is left out, or cannot be sent (docs/protocol.md §5.0)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from paybus.gateway.errors import InvalidParameterError, MissingParametersError
from paybus.trades.money import Fen, yuan_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One line of GOODS_DETAIL (docs/protocol.md §7.1); the price is for one piece."""

    goods_id: str
    name: str
    category: str
    price_fen: Fen
    subject: str
    quantity: int
    show_url: str | None = None


def present(members: Mapping[str, str | None]) -> dict[str, str]:
    """Give the members that have a value; None, "" and blanks are never sent."""
    return {name: value for name, value in members.items() if value and not value.isspace()}


def require(members: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise MissingParametersError with all of *names* that are not among *members*, in their order."""
    missing = [name for name in names if name not in members]
    if missing:
        raise MissingParametersError(missing)


def amount_text(amount: Fen) -> str:
    """Write an amount to be moved as yuan text; raises InvalidParameterError unless it is above zero."""
    if amount <= 0:
        raise InvalidParameterError("an amount must be above zero")
    return yuan_text(amount)


def path_segment(code: str) -> str:
    """Percent-encode *code* for a path; raises InvalidParameterError for a segment that URLs swallow."""
    if code in {".", ".."}:
        raise InvalidParameterError("a code must not be a relative path")
    try:
        return quote(code, safe="")
    except UnicodeEncodeError:
        raise InvalidParameterError("a code must be text that UTF-8 can hold") from None


def goods_detail(goods: Sequence[Goods]) -> list[dict[str, str]]:
    """Write GOODS_DETAIL, prices as yuan text."""
    return [
        present(
            {
                "GOOD_SUBJECT": line.subject,
                "GOOD_PRICE": yuan_text(line.price_fen),
                "GOOD_ID": line.goods_id,
                "GOOD_SHOWURL": line.show_url,
                "GOOD_NAME": line.name,
                "GOOD_QUANTITY": str(line.quantity),
                "GOOD_CLASS": line.category,
            }
        )
        for line in goods
    ]
