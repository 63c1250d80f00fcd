"""What can be wrong with a record of ours.

ContractError
├── NotACommandError     the record cannot become a command: it is a dead letter (carries `reason`)
└── InvalidCommandError  the record names an operation and asks for something we refuse
"""

from typing import Final

MAX_MESSAGE_CHARACTERS: Final = 500
"""A message may quote the record, which may have 64 KiB; it goes into headers, events and logs."""


class ContractError(Exception):
    """A record does not keep the contract."""

    def __init__(self, reason: str, message: str) -> None:
        if len(message) > MAX_MESSAGE_CHARACTERS:
            half = MAX_MESSAGE_CHARACTERS // 2 - 1
            message = f"{message[:half]}…{message[-half:]}"
        super().__init__(message)
        self.reason = reason
        """A slug for headers, events and metrics."""
        self.message = message
        """What is wrong, where, and what to do, in one sentence."""


class NotACommandError(ContractError):
    """Nobody can say whose money this record is about."""


class InvalidCommandError(ContractError):
    """The operation is named, and what is asked cannot be done."""
