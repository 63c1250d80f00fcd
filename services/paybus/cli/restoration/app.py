"""`paybus ledger restored`: preview first; with --yes once, after a restore and before any worker starts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
import typer

from paybus.cli.errors import CliError
from paybus.cli.restoration.display import lines_of
from paybus.cli.restoration.rewinding import Place, find_places, rewind
from paybus.cli.terminal import out
from paybus.contracts.topics import Topics
from paybus.ledger.errors import LedgerInUseError
from paybus.ledger.pool import Pool, open_pool
from paybus.ledger.restoration import Doubted, doubt_everything, living_services, open_operations
from paybus.runtime.settings import WorkerSettings, load_settings
from paybus.trades.inquiry import LONGEST_HUNG_SECONDS
from paybus.trades.operation import Kind

_FORMATS: Final = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

app = typer.Typer(help="The ledger as a whole.", no_args_is_help=True)


class RestorationSettings(WorkerSettings):
    """The ledger, the broker, and how long workers may be silent."""

    merchants_directory: Path = Field(default=Path(), description="not needed")


@app.callback()
def ledger() -> None:
    """Have commands under this name, though there is one only."""


@app.command()
def restored(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=_FORMATS,
            metavar="MOMENT",
            help="The restored moment (UTC): read commands again from then.",
        ),
    ] = None,
    hung_seconds: Annotated[
        float,
        typer.Option(min=0.0, help="For so long from now the gateway may take up what was sent before."),
    ] = LONGEST_HUNG_SECONDS,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it, it is only shown.")] = False,
) -> None:
    """Have the gateway asked about whatever a restored ledger may have forgotten, before it is sent.

    To be called after a restore to a past moment, while no worker runs. Calling it again changes nothing but
    the moment from which the gateway is believed.
    """
    settings = load_settings(RestorationSettings)
    asyncio.run(_restored(settings, _utc(since), hung_seconds, act=yes))


async def _restored(
    settings: RestorationSettings, since: datetime | None, hung_seconds: float, *, act: bool
) -> None:
    topics = [Topics(settings.topic_prefix).commands(kind) for kind in Kind]
    places = await find_places(settings.brokers, topics, since=since)
    url = settings.database_url.get_secret_value()
    async with open_pool(url, application_name="paybus-restored", most=1) as pool:
        run = _doubt if act else _preview
        for line in lines_of(await run(pool, settings, places, hung_seconds), places):
            out.print(line, markup=False)
    if act:
        await rewind(settings.brokers, places)
        out.print("done: start the services; what is open is asked about first")
    else:
        out.print("nothing was done, for that say --yes")


async def _preview(
    pool: Pool, settings: RestorationSettings, _places: Sequence[Place], _hung_seconds: float
) -> list[Doubted]:
    if alive := await living_services(pool, lease_seconds=settings.lease_seconds):
        raise CliError(_still_alive(", ".join(alive)))
    return await open_operations(pool)


async def _doubt(
    pool: Pool, settings: RestorationSettings, places: Sequence[Place], hung_seconds: float
) -> list[Doubted]:
    try:
        return await doubt_everything(
            pool,
            [place.end for place in places],
            lease_seconds=settings.lease_seconds,
            hung_seconds=hung_seconds,
        )
    except LedgerInUseError as error:
        raise CliError(_still_alive(str(error))) from error


def _still_alive(services: str) -> str:
    return f"workers live in this ledger ({services}): stop every service first; nothing was done"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
