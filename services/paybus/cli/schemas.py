"""`paybus schemas`: the schemas of all messages, printed from the models."""

from pathlib import Path
from typing import Annotated

import typer

from paybus.cli.errors import CliError
from paybus.cli.terminal import out
from paybus.contracts.schema import find_drift, write_schemas

app = typer.Typer(help="The schemas of all messages: JSON Schema and AsyncAPI.", no_args_is_help=True)

Directory = Annotated[Path, typer.Argument(help="The folder of schemas.", metavar="DIR")]


@app.command()
def write(directory: Directory) -> None:
    """Write every schema below DIR, and remove those of messages that are no more."""
    try:
        written = write_schemas(directory)
    except OSError as error:
        raise CliError(f"{directory}: schemas cannot be written there ({error.strerror})") from None
    out.print(f"{len(written)} schemas in {directory}")


@app.command()
def check(directory: Directory) -> None:
    """Say in what DIR differs from the models; code 1 if it does."""
    drift = find_drift(directory)
    for sentence in drift:
        out.print(sentence)
    if drift:
        raise typer.Exit(1)
    out.print(f"{directory} is what the models say")
