"""The ledger's tables, as plain SQL files that are applied in the order of their names, each once."""

from pathlib import Path

from yoyo import get_backend, read_migrations

_FOLDER = Path(__file__).with_name("migrations")


def migrate(url: str) -> list[str]:
    """Apply what is missing to the database at *url*; return the names of what was applied.

    Safe to run from several places at once: yoyo takes a lock, and the later one finds nothing to do.
    """
    backend = get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with backend.lock():
            missing = backend.to_apply(read_migrations(str(_FOLDER)))
            backend.apply_migrations(missing)
            return [migration.id for migration in missing]
    finally:
        backend.connection.close()
