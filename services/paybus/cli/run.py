"""`paybus run`: everything embedded, made-up traffic through it, and the promise held against the books."""

import asyncio
import secrets
import shutil
from time import monotonic
from typing import Annotated, Final

from aiokafka.errors import KafkaError
import httpx
import typer

from paybus.cli.embedded.conditions import bad_day
from paybus.cli.embedded.merchant_files import MERCHANTS
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.errors import CliError
from paybus.cli.place import DEFAULT, DirectoryOption, Place
from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.report import reconcile
from paybus.cli.run_display import LiveDisplay, print_report
from paybus.cli.terminal import passing
from paybus.cli.traffic.drive import Moment, Where, drive
from paybus.cli.traffic.message import Message
from paybus.cli.traffic.traffic import asks_of, make_traffic

PATIENCE_SECONDS: Final = 30.0
"""How long an answer may take behind the last command: three inquiries (1, 2 and 5 s) and a busy machine."""


def run(
    *,
    commands: Annotated[int, typer.Option(min=1, max=20_000, help="How many commands, at least.")] = 1_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same traffic and the same faults.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Keep logs and ledger, also of a good run.")] = False,
    directory: DirectoryOption = DEFAULT,
) -> None:
    """Start everything on this machine, send made-up commands, and reconcile what came of them.

    Code 0 only if every promise was kept; the ledger and the logs of a run that broke one are kept.
    """
    place = Place(directory.absolute() / f"run-{secrets.token_hex(4)}")
    traffic = make_traffic(seed, commands, [merchant.merchant_id for merchant in MERCHANTS])
    begun = monotonic()
    held = False
    try:
        report = reconcile(_evidence(place, seed, traffic))
        held = report.held
        print_report(report, f"seed {seed}, {monotonic() - begun:.0f} s")
    finally:
        if held and not keep:
            shutil.rmtree(place.directory, ignore_errors=True)
        else:
            passing.print(f"ledger and logs: {place.directory}")
    raise typer.Exit(0 if held else 1)


def _evidence(place: Place, seed: int, traffic: tuple[Message, ...]) -> Evidence:
    with (
        LiveDisplay(len(asks_of(traffic))) as display,
        EmbeddedSystem(place, bad_day(seed), told=display.started) as system,
    ):

        def watch(moment: Moment) -> bool:
            system.check()
            display.show(moment)
            return False

        where = Where(
            database_url=system.variables["PAYBUS_DATABASE_URL"],
            bootstrap=system.variables["PAYBUS_KAFKA_BOOTSTRAP"],
            gateway=system.addresses["sandbox"],
        )
        try:
            return asyncio.run(drive(traffic, where, patience_seconds=PATIENCE_SECONDS, watch=watch))
        except (KafkaError, httpx.HTTPError, TimeoutError) as error:
            system.check()
            raise CliError(f"the run was cut off: {type(error).__name__}; see {place.directory}") from error
