"""`paybus dlq`: list, show, replay."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
import json
from typing import Annotated, Final

from rich.console import Console
import typer

from paybus.cli.dead_letter.choice import (
    MOST_AT_ONCE,
    Choice,
    at_places,
    check_reason,
    kinds_of,
    with_reason,
)
from paybus.cli.dead_letter.desk import open_desk, take_inventory
from paybus.cli.dead_letter.display import Row, outlook, page_of, preview_of, row_of, table_of
from paybus.cli.dead_letter.letter import Place, twins
from paybus.cli.dead_letter.prospect import Refusal
from paybus.cli.dead_letter.replaying import Plan
from paybus.cli.dead_letter.shelf import Shelf
from paybus.cli.terminal import out, passing
from paybus.contracts.topics import Topics
from paybus.runtime.settings import BusSettings, WorkerSettings, load_settings
from paybus.trades.operation import Kind

_LEAST_COLUMNS: Final = 160  # a narrower table would cut the letters' numbers: let the terminal break lines
_PIPE_COLUMNS: Final = 1_000  # whole lines

app = typer.Typer(help="Dead letters: records that could not become commands.", no_args_is_help=True)

TopicOption = Annotated[
    str | None, typer.Option("--topic", help="Only of pay, refund or cancel; a topic's whole name will do.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only those with this reason, such as not_json.")
]


@app.command("list")
def list_letters(
    topic: TopicOption = None,
    reason: ReasonOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the letters, with how often each was sent again."""
    check_reason(reason)
    settings = load_settings(BusSettings)
    kinds = kinds_of(topic, Topics(settings.topic_prefix))
    rows = asyncio.run(_rows(settings, kinds, reason))
    if as_json:
        for row in rows:
            out.print(json.dumps(row, ensure_ascii=False), markup=False)
    elif rows:
        columns = max(out.width, _LEAST_COLUMNS) if out.is_terminal else _PIPE_COLUMNS
        Console(width=columns, soft_wrap=True).print(table_of(rows))
    else:
        out.print("no dead letters")


@app.command()
def show(
    place: Annotated[
        str, typer.Argument(help="topic-partition-offset, as `list` shows it.", metavar="PLACE")
    ],
) -> None:
    """Show one letter whole, and what would become of it if it were sent again now."""
    at = Place.read(place)
    settings = load_settings(WorkerSettings)
    for line in asyncio.run(_page(settings, at)):
        out.print(line, markup=False)


@app.command()
def replay(
    places: Annotated[
        list[str] | None, typer.Argument(help="Letters, as `list` names them.", metavar="PLACE...")
    ] = None,
    reason: ReasonOption = None,
    topic: TopicOption = None,
    every: Annotated[
        bool, typer.Option("--all", help=f"With --reason: also if there are more than {MOST_AT_ONCE}.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what was sent again before.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send them. Without it they are only shown.")] = False,
) -> None:
    """Send letters again as they were; without --yes only say what would be sent, and what is refused.

    Ends with code 1 if any of them is refused.
    """
    choice = Choice(places=tuple(map(Place.read, places or ())), reason=reason, every=every)
    choice.check()
    settings = load_settings(WorkerSettings)
    kinds = kinds_of(topic, Topics(settings.topic_prefix))
    run = _send if yes else _preview
    if asyncio.run(run(settings, kinds, choice, again)):
        raise typer.Exit(1)


async def _rows(settings: BusSettings, kinds: Sequence[Kind], reason: str | None) -> list[Row]:
    inventory = await take_inventory(settings, kinds)
    _remark_on(inventory.shelf)
    now = datetime.now(UTC)
    return [
        row_of(
            letter,
            replays=inventory.replays(letter),
            others=inventory.twins.get(letter.place, ()),
            now=now,
        )
        for letter in with_reason(inventory.shelf.letters, reason)
    ]


async def _page(settings: WorkerSettings, place: Place) -> list[str]:
    async with open_desk(settings, tuple(Kind)) as desk:
        (plan,) = await desk.foresight.plan(at_places(desk.shelf.letters, [place]))
        others = twins(desk.shelf.letters).get(place, ())
        return page_of(plan, others=others, now=datetime.now(UTC))


async def _preview(settings: WorkerSettings, kinds: Sequence[Kind], choice: Choice, again: bool) -> int:
    """Show what would be sent; give how many letters are refused."""
    async with open_desk(settings, kinds, again=again) as desk:
        _remark_on(desk.shelf)
        plans = await desk.foresight.plan(choice.of(desk.shelf.letters))
    for line in (line for plan in plans for line in preview_of(plan)):
        out.print(line, markup=False)
    safe = sum(plan.sends for plan in plans)
    out.print(f"{safe} would be sent, {len(plans) - safe} refused; nothing was sent, for that say --yes")
    return len(plans) - safe


async def _send(settings: WorkerSettings, kinds: Sequence[Kind], choice: Choice, again: bool) -> int:
    """Send what may be sent; give how many letters were refused."""
    sent: list[Place] = []

    def tell(plan: Plan, where: Place | Refusal) -> None:
        if isinstance(where, Place):
            sent.append(where)
            out.print(f"{plan.letter.place} -> {where}, {outlook(plan)}", markup=False)
        else:
            out.print(f"{plan.letter.place} refused ({where}): somebody else is sending it", markup=False)

    async with open_desk(settings, kinds, again=again) as desk:
        plans = await desk.foresight.plan(choice.of(desk.shelf.letters))
        for plan in plans:
            if not plan.sends:
                out.print(f"{plan.letter.place} {outlook(plan)}", markup=False)
        if safe := [plan for plan in plans if plan.sends]:
            await desk.send(safe, tell)
    out.print(f"{len(sent)} sent, {len(plans) - len(sent)} refused")
    return len(plans) - len(sent)


def _remark_on(shelf: Shelf) -> None:
    if shelf.left_out:
        passing.print(f"{shelf.left_out} older letters are left out")
