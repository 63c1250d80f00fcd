"""Connections to PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import asyncpg

from paybus.ledger.errors import translated

if TYPE_CHECKING:
    Pool = asyncpg.Pool[Any]
else:  # the class is generic for the type checker only
    Pool = asyncpg.Pool

MAX_CONNECTIONS: Final = 8
"""Group commit needs two writers of each kind; more connections would only make smaller batches."""

CLOSE_SECONDS: Final = 5.0
"""How long the end waits for statements under way: they take milliseconds, or their server has gone."""

_SETTINGS: Final = {
    # A plan that was made while the tables were small reads them whole for ever after, by some index if not
    # by none. So each is made for the tables as they are, though planning costs more than a small statement.
    "plan_cache_mode": "force_custom_plan",
    # Every statement of ours looks up each row it wants. A planner that has no statistics yet of a table that
    # grew quickly would scan it, or walk its index from end to end beside the sorted keys.
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # What the statements rest on, whatever the database's own settings are.
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "lock_timeout": "10s",  # no statement of ours holds a row for more than some milliseconds
    "statement_timeout": "30s",
}


class Executor(Protocol):
    """A pool or a connection of asyncpg."""

    async def fetch(self, query: str, *arguments: Any) -> Any:
        """Run *query* and give its rows."""

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        """Run *query* and give its first row."""


@asynccontextmanager
async def open_pool(url: str, *, application_name: str, most: int = MAX_CONNECTIONS) -> AsyncIterator[Pool]:
    """Connect to the ledger at *url* while the block runs; raises LedgerUnavailableError."""
    with translated():
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=most,
            command_timeout=35,  # a little more than the server's own limit, for a server that went silent
            reset=_leave_as_it_is,
            server_settings={**_SETTINGS, "application_name": application_name},
        )
    try:
        yield pool
    finally:
        await _close(pool)


async def _leave_as_it_is(_connection: Any) -> None:
    """Reset nothing between two uses: asyncpg rolls back by itself, and a session of ours has nothing else.

    By default a second question goes to the server after each statement, and costs as much as a small one.
    """


async def _close(pool: Pool) -> None:
    """Close it in order, or cut it off: the end of a process must not wait for a lost connection."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
    finally:
        pool.terminate()
