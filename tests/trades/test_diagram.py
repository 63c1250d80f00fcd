"""The drawings in docs/state-machines.md are those of the tables the program runs on."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from paybus.trades.diagram import operation_diagram, trade_diagram, trade_table
from paybus.trades.operation import OperationState, may_follow
from paybus.trades.trade import News, TradeState, move

PAGE = Path(__file__).parents[2] / "docs" / "state-machines.md"


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("trade diagram", lambda: f"```mermaid\n{trade_diagram()}```\n"),
        ("trade table", trade_table),
        ("operation diagram", lambda: f"```mermaid\n{operation_diagram()}```\n"),
    ],
)
def test_the_page_shows_the_tables_of_the_program(name: str, draw: Callable[[], str]) -> None:
    """What stands between a drawing's two marks is what is drawn now; if not, put the new one there."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    shown, mark, _ = rest.partition("<!-- end -->")
    assert mark
    assert shown == draw()


@pytest.mark.parametrize(("state", "news"), list(product(TradeState, News)))
def test_every_move_of_a_trade_is_drawn(state: TradeState, news: News) -> None:
    """The diagram has an arrow for exactly those news that move a trade."""
    following = move(state, news)
    moves = isinstance(following, TradeState)
    assert moves == any(
        line.startswith(f"{state} --> ") and line.endswith(f" : {news}") for line in _lines(trade_diagram())
    )


@pytest.mark.parametrize(("state", "following"), list(product(OperationState, OperationState)))
def test_every_step_of_an_operation_is_drawn(state: OperationState, following: OperationState) -> None:
    """The diagram has an arrow for exactly the steps from one state to another that are allowed."""
    drawn = f"{state} --> {following}" in _lines(operation_diagram())
    assert drawn == (may_follow(state, following) and state is not following)


def test_ends_are_drawn_as_ends() -> None:
    """The states that nothing leaves are the ends of the drawings."""
    ends = {line.split()[0] for line in _lines(trade_diagram()) if line.endswith("--> [*]")}
    assert ends == {"refunded", "revoked", "closed", "declined"}
    ends = {line.split()[0] for line in _lines(operation_diagram()) if line.endswith("--> [*]")}
    assert ends == {"done", "rejected"}


def _lines(diagram: str) -> list[str]:
    return [line.strip() for line in diagram.splitlines()]
