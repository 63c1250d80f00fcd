"""What a command could not do.

CliError               ends the command with its sentence on stderr and code 2
├── SystemStartError   something of the embedded system could not be started, or died (`embedded`)
└── NotRunningError    there is no running system to be spoken with
"""

from paybus.ledger.errors import LedgerError
from paybus.telemetry.redaction import redact_text


class CliError(Exception):
    """The command cannot be carried out; the text is one sentence for a person."""


class SystemStartError(CliError):
    """A part of the embedded system did not start, or died; the text ends with the end of its log."""


class NotRunningError(CliError):
    """No embedded system runs here."""


def sentence_of(error: CliError | LedgerError) -> str:
    """Say what went wrong, without passwords; of the ledger's errors the first line."""
    if isinstance(error, CliError):
        return redact_text(str(error))
    return redact_text(f"PAYBUS_DATABASE_URL: {str(error).splitlines()[0]}")
