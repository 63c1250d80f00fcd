"""`paybus trade`: everything the ledger knows of one trade, oldest first."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import msgspec
from rich.markup import escape
import typer

from paybus.cli.errors import CliError
from paybus.cli.event_line import summary_of
from paybus.cli.reconciliation.evidence import Content
from paybus.cli.setting import LedgerSettings
from paybus.cli.terminal import out
from paybus.ledger.book import Timeline, timelines
from paybus.ledger.pool import open_pool
from paybus.runtime.settings import load_settings
from paybus.telemetry.trace import trace_and_span_of

Row = tuple[datetime, str, str]
"""When, what, and more about it."""


def trade(
    *,
    charge_code: Annotated[str, typer.Argument(metavar="CODE", help="The trade's CHARGE_CODE.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what was asked about a trade, what the gateway said, and what was told."""
    settings = load_settings(LedgerSettings)
    found = asyncio.run(_read(settings.database_url.get_secret_value(), charge_code))
    if not found:
        raise CliError(f"there is no trade {charge_code} in the ledger")
    if as_json:
        out.print(msgspec.json.encode([_plain(asdict(one)) for one in found]).decode(), markup=False)
        return
    for timeline in found:
        out.print(_headline(timeline.trade))
        for at, what, more in sorted([*_asked(timeline), *_told(timeline), *_called_back(timeline)]):
            out.print(f"{at:%H:%M:%S.%f}"[:-3], f"{what:<27}", more, markup=False)


async def _read(url: str, charge_code: str) -> Sequence[Timeline]:
    async with open_pool(url, application_name="paybus-cli", most=1) as pool:
        return await timelines(pool, charge_code)


def _headline(trade: Mapping[str, Any]) -> str:
    name = escape(f"{trade['merchant_id']}/{trade['charge_code']}")
    money = f"{trade['amount_fen']} fen, paid {trade['paid_fen']}, refunded {trade['refunded_fen']}"
    return (
        f"[bold]{name}[/]  {trade['state']}  v{trade['version']}  {money}, reserved {trade['reserved_fen']}"
    )


def _asked(timeline: Timeline) -> Iterator[Row]:
    for row in timeline.operations:
        name = f"{row['kind']} {row['key']}"
        amount = f"{row['amount_fen']} fen" if row["amount_fen"] else ""
        trace = f"  trace {trace_and_span_of(row['traceparent'])[0]}" if row["traceparent"] else ""
        yield row["accepted_at"], "accepted", f"{name}  {row['method']}  {amount}{trace}"
        gateway = f"  the gateway said {row['return_code']}" if row["return_code"] else ""
        reason = f"  because of {row['reason']}" if row["reason"] else ""
        if row["answered_at"] is not None:
            yield row["answered_at"], row["state"], f"{name}{gateway}{reason}"
        elif row["due_at"] is not None:
            yield row["due_at"], row["state"], f"{name}{gateway}{reason}  looked at again"


def _told(timeline: Timeline) -> Iterator[Row]:
    for row in timeline.events:
        content = msgspec.json.decode(row["value"], type=Content)
        yield row["occurred_at"], row["ce_type"], summary_of(content)


def _called_back(timeline: Timeline) -> Iterator[Row]:
    for row in timeline.callbacks:
        said = f"state {row['gateway_state']}, {row['amount_fen']} fen, {row['times']} times"
        yield row["first_at"], "callback", f"{row['receipt']}  {said}"


def _plain(value: Any) -> Any:
    """Give what JSON can hold: events as they are on Kafka, no bytes of ours."""
    match value:
        case Mapping():
            return {name: _plain(member) for name, member in value.items()}
        case list() | tuple():
            return [_plain(member) for member in value]
        case bytes():
            return msgspec.Raw(value)
    return value
