"""One record to be put on a command topic, and when."""

from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Self

from paybus.contracts.command import Command, encode
from paybus.trades.operation import Kind

Headers = tuple[tuple[str, bytes | None], ...]


@unique
class When(StrEnum):
    """What a message waits for."""

    AT_ONCE = "at once"
    ONCE_CREATED = "once created"
    """Until the trade waits for its customer (or has any other outcome)."""
    ONCE_ENDED = "once ended"
    """Until the trade is paid, or will not be."""
    AT_LAST = "at last"
    """Until everything else is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A record; `value` may be anything, also nothing. The record's key is the charge code."""

    kind: Kind
    merchant_id: str
    charge_code: str
    value: bytes | None
    when: When = When.AT_ONCE
    headers: Headers = ()

    @classmethod
    def of(cls, command: Command, when: When = When.AT_ONCE) -> Self:
        """Give the message that asks for *command*."""
        return cls(
            kind=command.KIND,
            merchant_id=command.merchant_id,
            charge_code=command.charge_code,
            value=encode(command),
            when=when,
        )

    def again(self, when: When) -> Self:
        """Give the same record once more."""
        return replace(self, when=when)
