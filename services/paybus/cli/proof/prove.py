"""`paybus prove`: a throw-away system with its processes killed at every seam, judged by the books."""

import asyncio
from collections.abc import Iterator
import secrets
import shutil
from time import monotonic
from typing import Annotated, Final

from aiokafka.errors import KafkaError
import httpx
from rich.box import SIMPLE
from rich.table import Table
import typer

from paybus.cli.embedded.conditions import Conditions
from paybus.cli.embedded.merchant_files import MERCHANTS
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.errors import CliError
from paybus.cli.place import DEFAULT, DirectoryOption, Place
from paybus.cli.proof.crash import Crash
from paybus.cli.proof.round import Round, rounds, traffic_of
from paybus.cli.proof.verdict import Verdict, evidence_of
from paybus.cli.reconciliation.report import reconcile
from paybus.cli.terminal import out, passing
from paybus.cli.traffic.drive import Where, drive

PATIENCE_SECONDS: Final = 60.0
"""For one round to become quiet after its last message: a takeover, inquiries, and a busy machine."""

_MERCHANT_IDS: Final = tuple(merchant.merchant_id for merchant in MERCHANTS)
_PACE: Final = {
    "PAYBUS_HEARTBEAT_SECONDS": "0.5",
    "PAYBUS_FENCE_SECONDS": "1.5",
    "PAYBUS_LEASE_SECONDS": "2.5",
    "PAYBUS_QUERY_LAG_SECONDS": "0.5",
    "PAYBUS_WATCH_FIRST_SECONDS": "3",
}


def prove(
    *,
    only: Annotated[str, typer.Option(help="Only seams whose name contains this.")] = "",
    duplicate_detection: Annotated[
        bool,
        typer.Option(help="Let the gateway refuse numbers that it knows."),
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep logs and ledger.")] = False,
    directory: DirectoryOption = DEFAULT,
) -> None:
    """Kill services with -9 at every seam, let others take over, and print what held.

    Code 0 only if every seam was reached and every promise kept.
    """
    place = Place(directory.absolute() / f"prove-{secrets.token_hex(4)}")
    chosen = [one for one in rounds() if only in one.name]
    if not chosen:
        raise CliError(f"no seam's name contains {only!r}")
    verdicts = list(_verdicts(place, chosen, duplicate_detection=duplicate_detection))
    _print(verdicts, duplicate_detection=duplicate_detection)
    held = all(verdict.held for verdict in verdicts)
    if held and not keep:
        shutil.rmtree(place.directory, ignore_errors=True)
    else:
        passing.print(f"ledger and logs: {place.directory}")
    raise typer.Exit(0 if held else 1)


def conditions(*, duplicate_detection: bool) -> Conditions:
    """Let the gateway take its time, lose an answer now and then, and customers pay soon."""
    return Conditions(
        sandbox={
            "DUPLICATE_DETECTION": str(duplicate_detection).lower(),
            "CUSTOMER_PAYS_AFTER_SECONDS": "0.5",
            "CALLBACK_INTERVAL_SECONDS": "1",
        },
        faults={"latency_ms": 200, "rates": {"lost_answer": 0.3}},
        services=_PACE,
    )


def _verdicts(place: Place, chosen: list[Round], *, duplicate_detection: bool) -> Iterator[Verdict]:
    with EmbeddedSystem(place, conditions(duplicate_detection=duplicate_detection)) as system:
        for one in chosen:
            verdict = _prove(system, one)
            passing.print(_line(verdict), highlight=False)
            yield verdict


def _prove(system: EmbeddedSystem, one: Round) -> Verdict:
    where = Where(
        database_url=system.variables["PAYBUS_DATABASE_URL"],
        bootstrap=system.variables["PAYBUS_KAFKA_BOOTSTRAP"],
        gateway=system.addresses["sandbox"],
    )
    crash = Crash(system, one)
    crash.arm()
    try:
        evidence = asyncio.run(
            drive(traffic_of(one, _MERCHANT_IDS), where, patience_seconds=PATIENCE_SECONDS, watch=crash.watch)
        )
    except (KafkaError, httpx.HTTPError, TimeoutError) as error:
        cause = type(error).__name__
        raise CliError(f"{one.name} was cut off: {cause}; see {system.place.directory}") from error
    seconds = monotonic() - crash.last_death if crash.last_death else 0.0
    survivors = crash.survivors
    crash.disarm()
    report = reconcile(evidence_of(evidence, one))
    return Verdict(round=one, report=report, survivors=survivors, seconds=seconds)


def _line(verdict: Verdict) -> str:
    one, held = verdict.round, "held" if verdict.held else "BROKEN"
    return f"{one.name} ({one.count}) {', '.join(one.victims)}: {held}, quiet after {verdict.seconds:.1f} s"


def _print(verdicts: list[Verdict], *, duplicate_detection: bool) -> None:
    told = "on" if duplicate_detection else "off: a second call counts"
    table = Table(title=f"killed with -9; duplicate detection {told}", box=SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("seam", "killed", "asked", "effects", "I1-I6", "open", "quiet"):
        table.add_column(heading, no_wrap=True)
    for verdict in verdicts:
        table.add_row(*_cells(verdict))
    out.print(table)
    for verdict in verdicts:
        if verdict.survivors:
            out.print(f"{_seam(verdict.round)}: not reached by {', '.join(sorted(verdict.survivors))}")
        for finding in verdict.broken:
            for violation in finding.violations[:3]:
                out.print(
                    f"{_seam(verdict.round)}: {finding.invariant} {violation.where}: {violation.sentence}"
                )


def _cells(verdict: Verdict) -> list[str]:
    one, figures = verdict.round, verdict.report.figures
    return [
        _seam(one),
        " ".join(name for name in one.victims if name not in verdict.survivors),
        str(figures.commands),
        str(sum(figures.effects.values())),
        "BROKEN" if verdict.broken else "held",
        str(sum(figures.open.values())),
        f"{verdict.seconds:.1f}",
    ]


def _seam(one: Round) -> str:
    return f"{one.name} {one.count}"
