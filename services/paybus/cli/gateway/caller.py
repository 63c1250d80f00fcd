"""For whom a command asks the gateway, and what it means when no answer comes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import typer

from paybus.cli.errors import CliError
from paybus.cli.gateway.exit_code import NO_ANSWER, fail
from paybus.gateway.client import GatewayClient, WriteOffClient
from paybus.gateway.engine import make_engine
from paybus.gateway.errors import (
    ConnectFailedError,
    GatewayError,
    MerchantFileError,
    MissingParametersError,
    NotSentError,
)
from paybus.gateway.merchant import Merchant, load_merchant, merchant_files
from paybus.telemetry.redaction import register_secret

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class Caller:
    """A merchant at the gateway, for one request."""

    merchant: Merchant
    engine: httpx.AsyncBaseTransport

    @property
    def client(self) -> GatewayClient:
        """His client for everything but vouchers."""
        return GatewayClient(self.merchant, self.engine)

    @property
    def vouchers(self) -> WriteOffClient:
        """His client for vouchers."""
        return WriteOffClient(self.merchant, self.engine)


def choose_merchant(directory: Path | None, merchant_id: str | None) -> Merchant:
    """Read the merchant named, or the only one there is; raises CliError.

    The files of others are not read: what is wrong with them does not matter here.
    """
    if directory is None:
        raise CliError(
            "--merchants is missing: name the directory of merchant files, or set PAYBUS_MERCHANTS_DIRECTORY"
        )
    files = {path.stem: path for path in merchant_files(directory)}
    if not files:
        raise CliError(f"{directory}: there is no merchant file (*.toml)")
    if merchant_id is None and len(files) > 1:
        raise CliError(f"--merchant is missing: name one of {', '.join(files)}")
    path = files.get(merchant_id) if merchant_id is not None else next(iter(files.values()))
    if path is None:
        raise CliError(f"no merchant {merchant_id} is configured: name one of {', '.join(files)}")
    try:
        merchant = load_merchant(path)
    except MerchantFileError as error:
        raise CliError("; ".join(error.problems)) from None
    register_secret(merchant.key)
    return merchant


def call(merchant: Merchant, ask: Callable[[Caller], Awaitable[Reply]]) -> Reply:
    """Ask once; ends the command with a sentence when there is no answer."""
    try:
        return asyncio.run(_call(merchant, ask))
    except MissingParametersError as error:
        raise CliError(f"{', '.join(error.names)}: missing or blank") from None
    except ConnectFailedError:
        fail(f"no connection to {_host(merchant)} could be made, so nothing was sent", code=NO_ANSWER)
    except NotSentError as error:
        raise CliError(str(error)) from None
    except GatewayError as error:
        fail(f"no answer came from the gateway; {error}", code=NO_ANSWER)


async def _call(merchant: Merchant, ask: Callable[[Caller], Awaitable[Reply]]) -> Reply:
    engine = make_engine("httpcore")
    try:
        return await ask(Caller(merchant, engine))
    finally:
        await engine.aclose()


def _host(merchant: Merchant) -> str:
    """Give host and port, without a name or password that may stand before them."""
    return urlsplit(merchant.base_url).netloc.rpartition("@")[2]


MerchantsOption = typer.Option(
    None, "--merchants", envvar="PAYBUS_MERCHANTS_DIRECTORY", metavar="DIR",
    help="The folder with one TOML file a merchant.",
)  # fmt: skip
MerchantOption = typer.Option(
    None, "--merchant", metavar="ID", help="For whom; needless if there is only one."
)
