"""Everything outside that a command about letters needs, put together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from paybus.cli.dead_letter.letter import Letter, Place, twins
from paybus.cli.dead_letter.prospect import Refusal
from paybus.cli.dead_letter.replaying import Foresight, Plan, send_again
from paybus.cli.dead_letter.shelf import Shelf, read_shelf
from paybus.cli.kafka import translated
from paybus.contracts.dead_letter import Origin
from paybus.contracts.topics import Topics
from paybus.intake.reading import Reader
from paybus.ledger.pool import Pool, open_pool
from paybus.ledger.replay import count_replays
from paybus.runtime.kafka import Brokers, open_producer
from paybus.runtime.settings import BusSettings, WorkerSettings, read_merchants
from paybus.trades.operation import Kind

_CLIENT: Final = "paybus-dlq"


@dataclass(frozen=True, slots=True)
class Inventory:
    """The letters that there are, how often each record was sent again, and which are the same record."""

    shelf: Shelf
    noted: dict[Origin, int]
    twins: dict[Place, tuple[Place, ...]]

    def replays(self, letter: Letter) -> int:
        """Give how often the record was sent again, its ancestors included."""
        return letter.replays + (self.noted.get(letter.origin, 0) if letter.origin else 0)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where letters are judged, and sent again."""

    shelf: Shelf
    foresight: Foresight
    pool: Pool
    brokers: Brokers

    async def send(self, plans: Sequence[Plan], tell: Callable[[Plan, Place | Refusal], None]) -> None:
        """Send letters one after the other; *tell* where each is now, or why it was not sent after all.

        Raises CliError, LedgerError.
        """
        # A record that the broker refuses would stop an idempotent producer; a repeat does no harm here.
        with translated():
            async with open_producer(self.brokers, client_id=_CLIENT, idempotent=False) as producer:
                for plan in plans:
                    tell(plan, await send_again(plan, self.pool, producer))


async def take_inventory(settings: BusSettings, kinds: Sequence[Kind]) -> Inventory:
    """Read every letter of *kinds*, and the ledger's counts. Raises CliError, LedgerError."""
    shelf = await _shelf(settings, kinds)
    async with _pool(settings) as pool:
        noted = await count_replays(pool, [letter.origin for letter in shelf.letters if letter.origin])
    return Inventory(shelf, noted, twins(shelf.letters))


@asynccontextmanager
async def open_desk(
    settings: WorkerSettings, kinds: Sequence[Kind], *, again: bool = False
) -> AsyncIterator[Desk]:
    """Read every letter of *kinds* and keep the ledger open; raises CliError, LedgerError."""
    topics, merchants = Topics(settings.topic_prefix), read_merchants(settings)
    expiry = timedelta(seconds=settings.command_expiry_seconds)
    shelf = await _shelf(settings, kinds)
    async with _pool(settings) as pool:
        foresight = Foresight(
            pool=pool,
            command_topics={topics.dead_letters(kind): topics.commands(kind) for kind in Kind},
            readers={
                topics.commands(kind): Reader(kind=kind, merchants=merchants, expiry=expiry) for kind in Kind
            },
            partitions=shelf.partitions,
            again=again,
        )
        yield Desk(shelf, foresight, pool, settings.brokers)


async def _shelf(settings: BusSettings, kinds: Sequence[Kind]) -> Shelf:
    topics = Topics(settings.topic_prefix)
    return await read_shelf(settings.brokers, [topics.dead_letters(kind) for kind in kinds])


def _pool(settings: BusSettings) -> AbstractAsyncContextManager[Pool]:
    return open_pool(settings.database_url.get_secret_value(), application_name=_CLIENT, most=1)
