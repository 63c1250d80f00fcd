"""Letters as people and programs read them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from paybus.cli.dead_letter.legible import header_lines, legible, plain
from paybus.cli.dead_letter.letter import Letter, Place
from paybus.cli.dead_letter.replaying import Plan
from paybus.contracts.dead_letter import Origin

Row = Mapping[str, Any]
"""One letter as `--json` gives it."""


def row_of(letter: Letter, *, replays: int, others: Sequence[Place], now: datetime) -> Row:
    """Give what `list` tells of a letter; *others* are the same record."""
    at, since = letter.origin, letter.dead_since
    return {
        "place": str(letter.place),
        "dead_since": since.isoformat() if since else None,
        "age_seconds": max(0, int((now - since).total_seconds())) if since else None,
        "reason": letter.reason and plain(letter.reason),
        "message": plain(letter.message),
        "key": None if letter.key is None else legible(letter.key),
        "replays": replays,
        "original_topic": at and plain(at.topic),
        "original_partition": at and at.partition,
        "original_offset": at and at.offset,
        "original_timestamp": at and at.timestamp_ms,
        "same_record": [str(other) for other in others],
    }


def table_of(rows: Sequence[Row]) -> Table:
    """Give the table of `list`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("letter", "dead since", "age", "was", "reason", "key"):
        table.add_column(name, no_wrap=True, overflow="ignore")
    table.add_column("replays", justify="right")
    table.add_column("what is wrong", min_width=20, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, _cells(row)))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    age = row["age_seconds"]
    same = f" (the same record as {', '.join(row['same_record'])})" if row["same_record"] else ""
    return (
        row["place"],
        (row["dead_since"] or "?")[:19],
        "?" if age is None else age_text(age),
        "?" if row["original_offset"] is None else f"{row['original_partition']}-{row['original_offset']}",
        row["reason"] or "?",
        "null" if row["key"] is None else row["key"],
        str(row["replays"]),
        (row["message"] or "not a letter of ours") + same,
    )


def age_text(seconds: int) -> str:
    """Give an age in its two largest units."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = [(days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])


def page_of(plan: Plan, *, others: Sequence[Place], now: datetime) -> list[str]:
    """Give the lines of `show`."""
    letter = plan.letter
    since = letter.dead_since
    age = "" if since is None else f", {age_text(max(0, int((now - since).total_seconds())))} ago"
    return [
        f"letter      {letter.place}",
        f"was         {_origin(letter.origin)}",
        f"dead since  {since.isoformat() if since else '?'}{age}",
        f"reason      {plain(letter.reason) or '?'}: {plain(letter.message)}",
        f"replays     {plan.replays}",
        f"same record {', '.join(map(str, others)) or 'no other letter'}",
        f"today       {outlook(plan)}",
        f"key         {legible(letter.key)}",
        f"headers     {len(letter.headers)}",
        *(f"  {line}" for line in header_lines(letter.headers)),
        f"value       {'null' if letter.value is None else f'{len(letter.value)} bytes'}",
        *([] if letter.value is None else [legible(letter.value, lines=True)]),
    ]


def preview_of(plan: Plan) -> list[str]:
    """Give what would be sent where, and what is to be expected of it."""
    letter, original = plan.letter, plan.letter.original
    if original is None or not plan.sends:
        return [f"{letter.place}", f"  {outlook(plan)}"]
    size = len(original.value or b"")
    time = "a new time" if plan.timestamp_ms is None else "its own time"
    content = f"key {legible(original.key)}, {size} bytes, {len(original.headers)} headers, {time}"
    return [
        f"{letter.place} -> {original.topic}-{original.partition}",
        f"  {content}, and paybus-replays {plan.replays + 1}",
        f"  {outlook(plan)}",
    ]


def outlook(plan: Plan) -> str:
    """Say what would become of the letter."""
    refusal = plan.prospect.refusal
    sentence = plain(plan.prospect.sentence)
    return sentence if refusal is None else f"refused ({refusal}): {sentence}"


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return "? (its headers do not tell)"
    return f"{plain(origin.topic)}-{origin.partition}-{origin.offset} of {_moment(origin.timestamp_ms)}"


def _moment(timestamp_ms: int) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        return f"{timestamp_ms} ms"
    return moment.isoformat(timespec="milliseconds")
