"""Which questions are commands, and where."""

import typer

from paybus.cli.gateway import accounts, orders, vouchers
from paybus.cli.gateway.question import add


def add_questions(app: typer.Typer) -> None:
    """Make every question to the gateway a command of *app*, those about vouchers below `write-off`."""
    for question in (
        orders.QUERY,
        orders.BATCH_QUERY,
        orders.CHANNELS_OF_A_MERCHANT,
        accounts.AUTH,
        accounts.LOGIN,
    ):
        add(app, question)
    write_off = typer.Typer(help="Vouchers: codes that are issued and redeemed.", no_args_is_help=True)
    for question in (vouchers.ISSUE, vouchers.REDEEM, vouchers.LOOK_UP, vouchers.CANCEL, vouchers.LIST):
        add(write_off, question)
    app.add_typer(write_off, name="write-off")
