"""What can go wrong with the ledger.

LedgerError
├── LedgerUnavailableError   PostgreSQL cannot be reached or is going away: nothing is known to be written
├── LedgerRefusedError       PostgreSQL refused what we wrote: a defect of ours, or tables of another version
└── LedgerInUseError         workers live that must not: nothing was written
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg


class LedgerError(Exception):
    """The ledger did not do what was asked."""


class LedgerUnavailableError(LedgerError):
    """PostgreSQL cannot be reached now; whether the last statement was committed is not known."""


class LedgerRefusedError(LedgerError):
    """PostgreSQL refused a statement; nothing of it was written."""


class LedgerInUseError(LedgerError):
    """Workers beat in this ledger, which nobody may use now; the text names their services."""


_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver lost the thread of the connection
    asyncpg.OperatorInterventionError,  # it stops, starts, or cancels what takes too long
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.ReadOnlySQLTransactionError,  # a standby: the primary is elsewhere now
    asyncpg.TransactionRollbackError,  # deadlocks
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
    TimeoutError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn asyncpg's errors into this room's."""
    try:
        yield
    except _GONE as error:
        raise LedgerUnavailableError(f"{type(error).__name__}: {error}") from error
    except asyncpg.PostgresError as error:
        raise LedgerRefusedError(f"{type(error).__name__}: {error}") from error
