"""`paybus`, and `python -m paybus.cli`."""

from collections.abc import Sequence
import logging
import sys

from aiokafka.errors import KafkaError
import typer

from paybus.cli import merchants, schemas
from paybus.cli.background import down, up
from paybus.cli.command_options import with_options
from paybus.cli.dead_letter import app as dead_letters
from paybus.cli.errors import CliError, sentence_of
from paybus.cli.gateway.registration import add_questions
from paybus.cli.migration import migrate_ledger
from paybus.cli.place import adopt_environment
from paybus.cli.proof.prove import prove
from paybus.cli.reconcile import reconcile
from paybus.cli.restoration import app as restoration
from paybus.cli.run import run
from paybus.cli.sending import send_by_hand
from paybus.cli.tail import events
from paybus.cli.timeline import trade
from paybus.ledger.errors import LedgerError
from paybus.telemetry.log import configure_logging
from paybus.trades.operation import Kind

app = typer.Typer(
    help="Pay, refund and cancel commands from Kafka, carried out once in effect on the gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(schemas.app, name="schemas")
app.add_typer(merchants.app, name="merchants")
app.add_typer(dead_letters.app, name="dlq")
app.add_typer(restoration.app, name="ledger")
app.command("migrate")(migrate_ledger)
app.command("run")(run)
app.command("prove")(prove)
app.command("up")(up)
app.command("down")(down)
app.command("trade")(trade)
app.command("events")(events)
app.command("reconcile")(reconcile)
for kind in Kind:
    app.command(kind.value)(with_options(kind, send_by_hand))
add_questions(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out one command and exit; what cannot be done is said in a sentence, with code 2."""
    configure_logging("cli", level="warning", form="console")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it could not do is said in our sentence
    adopt_environment()
    try:
        app(args=arguments)
    except (CliError, LedgerError, KafkaError) as error:
        sys.stderr.write(f"{sentence_of(error)}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
