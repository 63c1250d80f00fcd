"""The ledger's tables, as plain SQL files that are applied in the order of their names, each once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import psycopg
from yoyo import get_backend, read_migrations
from yoyo.exceptions import BadMigration

from paybus.ledger.errors import LedgerRefusedError, LedgerUnavailableError, translated
from paybus.ledger.pool import Pool

_FOLDER: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x706179627573  # "paybus": our number among the database's advisory locks
_CONNECT_SECONDS: Final = 10


def migrate(url: str) -> list[str]:
    """Apply what is missing to the database at *url*; return the names of what was applied.

    Safe to run from several places at once: the later one waits, and finds nothing to do. The lock ends
    with its connection: one who was killed leaves none behind. Raises LedgerError.
    """
    with _translated(), psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        return _apply(url)


async def missing_migrations(pool: Pool) -> list[str]:
    """Give the migrations that this program needs and the database has not. Raises LedgerError."""
    with translated():
        try:
            rows = await pool.fetch("SELECT migration_id FROM _yoyo_migration")
        except asyncpg.UndefinedTableError:
            rows = []
    applied = {row["migration_id"] for row in rows}
    names = sorted(path.stem for path in _FOLDER.glob("*.sql"))
    return [name for name in names if not name.endswith(".rollback") and name not in applied]


def _apply(url: str) -> list[str]:
    scheme, separator, rest = url.partition("://")
    backend = get_backend(f"postgresql+psycopg{separator}{rest}" if scheme.startswith("postgres") else url)
    try:
        missing = backend.to_apply(read_migrations(str(_FOLDER)))
        backend.apply_migrations(missing)
        return [migration.id for migration in missing]
    finally:
        backend.connection.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        raise LedgerUnavailableError(f"the ledger's database cannot be reached: {error}") from error
    except (psycopg.Error, BadMigration) as error:
        raise LedgerRefusedError(f"the ledger's tables cannot be made: {error}") from error
