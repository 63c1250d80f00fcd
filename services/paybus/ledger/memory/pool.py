"""MemoryPool: what asyncpg's pool is to this room, over tables in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakSet

import asyncpg

from paybus.ledger.memory import (
    acceptance,
    automatic,
    callback,
    hands,
    outbox,
    restoration,
    watch,
    writing,
)
from paybus.ledger.memory.doubles import DOUBLES
from paybus.ledger.memory.tables import Tables, wall_clock

ROOMS = (acceptance, automatic, callback, hands, outbox, restoration, watch, writing)
"""Where the doubles are: to import them is to register them."""


class Wire(Protocol):
    """The way to the server and back. Either may take time, or raise what a lost connection raises."""

    async def there(self, statement: str) -> None:
        """Return when the statement has arrived."""

    async def back(self, statement: str) -> None:
        """Return when its answer has arrived."""


class DirectWire:
    """A way that takes no time, and on which nothing is lost."""

    async def there(self, statement: str) -> None:
        """Be there."""

    async def back(self, statement: str) -> None:
        """Be back."""


class MemoryDatabase:
    """The server: one transaction at a time."""

    def __init__(self, clock: Callable[[], datetime] = wall_clock) -> None:
        self.tables = Tables(clock)
        self._transaction: MemoryConnection | None = None
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._transaction is not None

    async def begin(self, session: "MemoryConnection") -> None:
        """Wait for one's turn. All who wait are woken: some of them may have died meanwhile."""
        while self._transaction is not None:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._transaction = session
        self.tables.now = self.tables.clock()

    def end(self, session: "MemoryConnection", *, commit: bool) -> None:
        """End the session's transaction, if it still is open."""
        if self._transaction is not session:
            return
        if not commit:
            self.tables.take_back()
        self.tables.undo.clear()
        self._transaction = None
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def insist(self, session: "MemoryConnection") -> None:
        """Raise asyncpg.ConnectionDoesNotExistError if the session's transaction was ended by a loss."""
        if self._transaction is not session:
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost in a transaction")

    def drop(self, session: "MemoryConnection") -> None:
        """Let a connection be lost: its transaction never was, and its locks are free."""
        self.end(session, commit=False)
        tables = self.tables
        tables.locks = {lock for lock in tables.locks if lock[0] is not session}
        tables.listeners = [one for one in tables.listeners if one[0] is not session]

    def drop_all(self, sessions: Iterable["MemoryConnection"]) -> None:
        """Let connections be lost."""
        for session in sessions:
            self.drop(session)

    def run(self, session: "MemoryConnection", statement: str, arguments: tuple[Any, ...]) -> Any:
        """Run one statement in the session's transaction."""
        self.insist(session)
        assert statement in DOUBLES, f"this statement has no double in ledger/memory: {statement}"
        self.tables.session = session
        return DOUBLES[statement](self.tables, *arguments)


class MemoryConnection:
    """One connection; a statement outside a transaction is one."""

    def __init__(self, database: MemoryDatabase, wire: Wire) -> None:
        self._database = database
        self._wire = wire
        self._in_transaction = False

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give its rows."""
        await self._wire.there(statement)
        result = await self._run(statement, arguments)
        await self._wire.back(statement)
        return result

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give its first row."""
        rows = await self.fetch(statement, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give the first column of its first row."""
        row = await self.fetchrow(statement, *arguments)
        return next(iter(row.values())) if isinstance(row, dict) else row[0]

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Run a statement and say how many rows it changed."""
        return f"UPDATE {await self.fetch(statement, *arguments)}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Run what is in the block as one transaction."""
        await self._wire.there("BEGIN")
        await self._database.begin(self)
        self._in_transaction = True
        committed = False
        try:
            yield
            await self._wire.there("COMMIT")
            self._database.insist(self)
            committed = True
        finally:
            self._in_transaction = False
            self._database.end(self, commit=committed)
        await self._wire.back("COMMIT")

    async def add_listener(self, _channel: str, listener: Callable[..., object]) -> None:
        """Have *listener* called for every notification."""
        self._database.tables.listeners.append((self, listener))

    def terminate(self) -> None:
        """End the connection at once."""
        self._database.drop(self)

    async def _run(self, statement: str, arguments: tuple[Any, ...]) -> Any:
        if self._in_transaction:
            return self._database.run(self, statement, arguments)
        await self._database.begin(self)
        done = False
        try:
            result = self._database.run(self, statement, arguments)
            done = True
        finally:
            self._database.end(self, commit=done)
        return result


class MemoryPool:
    """A process's connections. Statements that are no part of a transaction share one."""

    def __init__(self, database: MemoryDatabase, wire: Wire | None = None) -> None:
        self._database = database
        self._wire = wire or DirectWire()
        self._connections: WeakSet[MemoryConnection] = WeakSet()
        self._shared = self.connection()

    def connection(self) -> MemoryConnection:
        """Give a new connection."""
        connection = MemoryConnection(self._database, self._wire)
        self._connections.add(connection)
        return connection

    def lose(self) -> None:
        """Lose every connection at once, as when the process is killed."""
        self._database.drop_all(list(self._connections))

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give its rows."""
        return await self._shared.fetch(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give its first row."""
        return await self._shared.fetchrow(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """Run a statement and give the first column of its first row."""
        return await self._shared.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Run a statement and say how many rows it changed."""
        return await self._shared.execute(statement, *arguments)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[MemoryConnection]:
        """Give a connection while the block runs."""
        yield self.connection()
