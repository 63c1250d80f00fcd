"""`paybus migrate`: bring the ledger's tables up to date."""

from paybus.cli.setting import LedgerSettings
from paybus.cli.terminal import out
from paybus.ledger.migration import migrate
from paybus.runtime.settings import load_settings


def migrate_ledger() -> None:
    """Apply the migrations that the ledger at PAYBUS_DATABASE_URL has not seen."""
    settings = load_settings(LedgerSettings)
    applied = migrate(settings.database_url.get_secret_value())
    for name in applied:
        out.print(f"applied {name}")
    out.print(f"the ledger is up to date ({len(applied)} applied)")
