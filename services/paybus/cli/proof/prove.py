"""`paybus prove`: a throw-away system with its processes killed at every seam, judged by the books."""

import asyncio
from collections.abc import Iterator, Sequence
import secrets
import shutil
from time import monotonic
from typing import Annotated, Final

from aiokafka.errors import KafkaError
import httpx
import typer

from paybus.cli.embedded.conditions import Conditions
from paybus.cli.embedded.merchant_files import MERCHANTS
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.errors import CliError
from paybus.cli.place import DEFAULT, DirectoryOption, Place
from paybus.cli.proof.crash import Crash
from paybus.cli.proof.day import conditions
from paybus.cli.proof.display import line_of, print_verdicts
from paybus.cli.proof.round import Round, rounds, traffic_of
from paybus.cli.proof.verdict import Verdict, judge
from paybus.cli.terminal import passing
from paybus.cli.traffic.drive import Where, drive

_MERCHANT_IDS: Final = tuple(merchant.merchant_id for merchant in MERCHANTS)


def prove(
    *,
    only: Annotated[
        list[str] | None, typer.Option(help="Only rounds whose title contains this; may be repeated.")
    ] = None,
    duplicate_detection: Annotated[
        bool,
        typer.Option(help="Let the gateway refuse numbers that it knows."),
    ] = False,
    patience_seconds: Annotated[
        # A takeover, inquiries after 1, 2 and 5 s, and a busy machine.
        float,
        typer.Option(min=1.0, help="How long after its last message everything of a round may take to end."),
    ] = 60.0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep logs and ledger.")] = False,
    directory: DirectoryOption = DEFAULT,
) -> None:
    """Kill or freeze services at every seam, let others take over, and print what held.

    Code 0 only if every victim was struck at its seam and every promise kept.
    """
    place = Place(directory.absolute() / f"prove-{secrets.token_hex(4)}")
    chosen = _chosen(only or [""])
    today = conditions(duplicate_detection=duplicate_detection)
    verdicts: list[Verdict] = []
    try:
        verdicts.extend(_verdicts(place, today, chosen, patience_seconds=patience_seconds))
    finally:  # also of a proof that was cut off
        print_verdicts(verdicts, duplicate_detection=duplicate_detection)
    held = all(verdict.held for verdict in verdicts)
    if held and not keep:
        shutil.rmtree(place.directory, ignore_errors=True)
    else:
        passing.print(f"ledger and logs: {place.directory}")
    raise typer.Exit(0 if held else 1)


def _chosen(only: Sequence[str]) -> list[Round]:
    for text in only:
        if not any(text in one.title for one in rounds()):
            raise CliError(f"no round's title contains {text!r}")
    return [one for one in rounds() if any(text in one.title for text in only)]


def _verdicts(
    place: Place, today: Conditions, chosen: list[Round], *, patience_seconds: float
) -> Iterator[Verdict]:
    with EmbeddedSystem(place, today) as system:
        for one in chosen:
            verdict = _prove(system, one, patience_seconds)
            passing.print(line_of(verdict), soft_wrap=True)
            yield verdict


def _prove(system: EmbeddedSystem, one: Round, patience_seconds: float) -> Verdict:
    where = Where(
        database_url=system.variables["PAYBUS_DATABASE_URL"],
        bootstrap=system.variables["PAYBUS_KAFKA_BOOTSTRAP"],
        gateway=system.addresses["sandbox"],
    )
    system.set_faults(one.faults)
    crash = Crash(system, one)
    crash.arm()
    traffic = traffic_of(one, _MERCHANT_IDS)
    try:
        evidence = asyncio.run(drive(traffic, where, patience_seconds=patience_seconds, watch=crash.watch))
    except (KafkaError, httpx.HTTPError, TimeoutError) as error:
        cause = type(error).__name__
        raise CliError(f"{one.title} was cut off: {cause}; see {system.place.directory}") from error
    seconds = monotonic() - crash.last_death if crash.last_death else 0.0
    survivors = crash.survivors
    crash.disarm()
    return judge(evidence, one, survivors=survivors, seconds=seconds)
