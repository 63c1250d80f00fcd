"""Replies as people and programs read them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
import json
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from paybus.cli.dead_letter.legible import plain
from paybus.cli.terminal import out
from paybus.gateway.amount import FundBill
from paybus.gateway.dictionary import FUND_CHANNELS
from paybus.trades.money import Fen, yuan_text

Rows = Sequence[tuple[str, str | None]]
"""Names and values; a value that is not known is none, or empty."""

_PIPE_COLUMNS: Final = 1_000  # a pipe gets whole lines


def show(picture: RenderableType) -> None:
    """Print a result on stdout."""
    Console(width=out.width if out.is_terminal else _PIPE_COLUMNS, highlight=False, emoji=False).print(
        picture
    )


def json_of(reply: Any) -> Text:
    """Give a reply, a dataclass, as one JSON object in which nothing steers a terminal."""
    written = json.dumps(asdict(reply), ensure_ascii=False, default=str)
    return Text("".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in written))


def facts(rows: Rows) -> Table:
    """Give a table of names and values; what is not known is left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text(plain(value)))
    return table


def listing(names: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Table:
    """Give a table with a head; its first column is never cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell or "")) for cell in row))
    return table


def yuan(amount: Fen | None) -> str:
    """Give an amount as a person reads it."""
    return "" if amount is None else f"{yuan_text(amount)} yuan"


def funds(bills: Sequence[FundBill]) -> str:
    """Give of which money a payment was made."""
    return ", ".join(f"{yuan(bill.amount_fen)} {FUND_CHANNELS.label_of(bill.fund_channel)}" for bill in bills)
