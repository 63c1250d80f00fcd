"""`paybus merchants`: the merchants we act for, never with their keys."""

from pathlib import Path
from typing import Annotated

import typer

from paybus.cli.terminal import out
from paybus.gateway.errors import MerchantFileError
from paybus.gateway.merchant import Merchant, load_merchants

app = typer.Typer(help="The merchants we act for.", no_args_is_help=True)


@app.command()
def check(
    directory: Annotated[
        Path,
        typer.Argument(
            envvar="PAYBUS_MERCHANTS_DIRECTORY",
            help="The folder with one TOML file a merchant.",
            metavar="DIR",
        ),
    ],
) -> None:
    """Read every merchant file and say all that is wrong with them; code 1 if anything is."""
    try:
        merchants = load_merchants(directory)
    except MerchantFileError as error:
        for problem in error.problems:
            out.print(problem, markup=False)
        raise typer.Exit(1) from None
    for merchant in merchants.values():
        out.print(_line(merchant), markup=False)


def _line(merchant: Merchant) -> str:
    """Give one line that a pipe can take apart, without the key."""
    encrypted = "3DES" if merchant.encrypt else "plain"
    called_back = merchant.notify_url or "below PAYBUS_NOTIFY_BASE_URL"
    till = f"{merchant.oper_id}/{merchant.dev_id}"
    return f"{merchant.merchant_id}  {merchant.base_url}  {till}  {encrypted}  called back {called_back}"
