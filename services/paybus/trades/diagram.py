"""The state machines as Markdown, drawn from the tables the program runs on (docs/state-machines.md)."""

from collections.abc import Iterable

from paybus.trades.operation import NEXT, OPEN, OperationState
from paybus.trades.trade import TRANSITIONS, News, Reading, TradeState

_WORD = {Reading.STALE: "stale", Reading.CONTRADICTION: "**discrepancy**"}


def trade_diagram() -> str:
    """Draw the trade's machine as Mermaid text: each arrow is a piece of news that moves it."""
    arrows = [
        (state, following, news)
        for state, row in TRANSITIONS.items()
        for news, following in row.items()
        if isinstance(following, TradeState)
    ]
    ends = set(TradeState) - {state for state, _, _ in arrows}
    lines = (f"{state} --> {following} : {news}" for state, following, news in arrows)
    return _mermaid(TradeState.ACCEPTED, lines, sorted(ends))


def trade_table() -> str:
    """Write the trade's whole table as Markdown: states down, news across."""
    lines = [["", *News], ["---"] * (len(News) + 1)]
    lines += [[f"`{state}`", *(_cell(row[news]) for news in News)] for state, row in TRANSITIONS.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def operation_diagram() -> str:
    """Draw the operation's machine as Mermaid text; staying in a state is left out."""
    lines = (
        f"{state} --> {following}"
        for state in OperationState
        for following in OperationState
        if following in NEXT[state] and following is not state
    )
    return _mermaid(OperationState.WAITING, lines, sorted(set(OperationState) - OPEN))


def _cell(following: TradeState | Reading) -> str:
    return f"`{following}`" if isinstance(following, TradeState) else _WORD[following]


def _mermaid(start: str, arrows: Iterable[str], ends: Iterable[str]) -> str:
    lines = [f"[*] --> {start}", *arrows, *(f"{end} --> [*]" for end in ends)]
    return "".join(f"{line}\n" for line in ["stateDiagram-v2", *(f"    {line}" for line in lines)])
