"""Work that is done again and again; while the ledger is away it waits, and goes on afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import NoReturn

import structlog

from paybus.ledger.errors import LedgerUnavailableError

_log = structlog.get_logger(__name__)

Act = Callable[[], Awaitable[bool]]
"""One round; says whether there is more to do at once."""


async def repeat(name: str, act: Act, *, every_seconds: float) -> NoReturn:
    """Do *act* for ever, with a pause after a round that found nothing more."""
    while True:
        try:
            more = await act()
        except LedgerUnavailableError as error:
            _log.warning("reconciler.round_failed", round=name, error=type(error).__name__)
            more = False
        if not more:
            await asyncio.sleep(every_seconds)


async def all_of(parts: Iterable[Awaitable[None]]) -> None:
    """Wait for every part, and only then raise what the first of them raised: nothing is left running."""
    results = await asyncio.gather(*parts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
