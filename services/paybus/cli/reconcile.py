"""`paybus reconcile`: a business day beside the gateway's own list of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field
from rich.progress import Progress, TaskID
import typer

from paybus.cli.errors import CliError
from paybus.cli.terminal import out, passing
from paybus.execution.gates import Gates
from paybus.execution.pacing import PacedClient
from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.exchange import Timeouts
from paybus.gateway.merchant import Merchant
from paybus.ledger.pool import open_pool
from paybus.reconciliation.day import BusinessDay
from paybus.reconciliation.errors import StatementError
from paybus.reconciliation.report import csv_text, json_text, lines
from paybus.reconciliation.run import Report, announce, compare_day
from paybus.runtime.settings import WorkerSettings, load_settings, read_merchants


class ReconcileSettings(WorkerSettings):
    """The ledger, the merchants, and how long to wait for the gateway."""

    kafka_bootstrap: str = Field(default="", description="not needed")


def reconcile(
    date: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day, in China time.")
    ],
    merchant: Annotated[str | None, typer.Option(metavar="ID", help="This merchant only.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the differences as CSV.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    tell: Annotated[
        bool, typer.Option("--announce", help="Announce each difference as an event, once.")
    ] = False,
) -> None:
    """Compare a day with the gateway's own list of it; code 1 if anything differs.

    Nothing is written to the ledger without --announce.
    """
    settings = load_settings(ReconcileSettings)
    merchants = read_merchants(settings)
    if merchant is not None and merchant not in merchants:
        raise CliError(f"no merchant {merchant} is configured: name one of {', '.join(sorted(merchants))}")
    wanted = merchants if merchant is None else {merchant: merchants[merchant]}
    reports = asyncio.run(_compare(settings, wanted, BusinessDay(date.date()), tell=tell))
    if csv is not None:
        csv.write_text(csv_text(reports), encoding="utf-8", newline="")
    if json:
        out.print(json_text(reports), markup=False)
    else:
        for line in lines(reports):
            out.print(line, markup=False)
    raise typer.Exit(1 if any(report.comparison.differences for report in reports) else 0)


async def _compare(
    settings: ReconcileSettings, merchants: Mapping[str, Merchant], day: BusinessDay, *, tell: bool
) -> list[Report]:
    engine = make_engine(settings.gateway_engine, connect_seconds=settings.gateway_connect_seconds)
    timeouts = Timeouts(
        connect_seconds=settings.gateway_connect_seconds, other_seconds=settings.gateway_other_seconds
    )
    url = settings.database_url.get_secret_value()
    reports = []
    try:
        async with open_pool(url, application_name="paybus-reconcile") as pool:
            with Progress(console=passing, transient=True) as progress:
                for merchant in merchants.values():
                    client = GatewayClient(merchant, engine, timeouts=timeouts)
                    bar = progress.add_task(f"{merchant.merchant_id}: orders read", total=None)
                    noted = partial(_note, progress, bar)
                    paced = PacedClient(client, Gates({merchant.merchant_id: client}))
                    report = await compare_day(pool, paced, day, noted=noted)
                    progress.update(bar, total=1, completed=1)
                    reports.append(report)
                    if tell:
                        await announce(pool, report)
    except StatementError as error:
        raise CliError(f"the gateway's list cannot be had: {error}; nothing was concluded") from error
    finally:
        await engine.aclose()
    return reports


def _note(progress: Progress, bar: TaskID, count: int) -> None:
    progress.update(bar, completed=count)
