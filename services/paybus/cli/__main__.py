"""`paybus`, and `python -m paybus.cli`."""

from collections.abc import Sequence
import sys

import typer

from paybus.cli import merchants, schemas
from paybus.cli.dead_letter import app as dead_letters
from paybus.cli.errors import CliError, sentence_of
from paybus.cli.migration import migrate_ledger
from paybus.cli.place import adopt_environment
from paybus.cli.reconcile import reconcile
from paybus.cli.run import run
from paybus.ledger.errors import LedgerError
from paybus.telemetry.log import configure_logging

app = typer.Typer(
    help="Pay, refund and cancel commands from Kafka, carried out once in effect on the gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(schemas.app, name="schemas")
app.add_typer(merchants.app, name="merchants")
app.add_typer(dead_letters.app, name="dlq")
app.command("migrate")(migrate_ledger)
app.command("run")(run)
app.command("reconcile")(reconcile)


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out one command and exit; what cannot be done is said in a sentence, with code 2."""
    configure_logging("cli", level="warning", form="console")
    adopt_environment()
    try:
        app(args=arguments)
    except (CliError, LedgerError) as error:
        sys.stderr.write(f"{sentence_of(error)}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
