"""What a command could not do.

CliError               ends the command with its sentence on stderr and code 2
└── SystemStartError   something of the embedded system could not be started, or died (`embedded`)
"""

from aiokafka.errors import KafkaError

from paybus.ledger.errors import LedgerError
from paybus.telemetry.redaction import redact_text


class CliError(Exception):
    """The command cannot be carried out; the text is one sentence for a person."""


class SystemStartError(CliError):
    """A part of the embedded system did not start, or died; the text ends with the end of its log."""


def sentence_of(error: CliError | LedgerError | KafkaError) -> str:
    """Say what went wrong, without passwords; of others' errors the first line."""
    match error:
        case CliError():
            return redact_text(str(error))
        case LedgerError():
            return redact_text(f"PAYBUS_DATABASE_URL: {str(error).splitlines()[0]}")
        case _:
            return redact_text(f"PAYBUS_KAFKA_BOOTSTRAP: {str(error).splitlines()[0]}")
