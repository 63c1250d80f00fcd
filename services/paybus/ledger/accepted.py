"""A command on its way into the ledger, and what became of a batch of them."""

from dataclasses import dataclass
from datetime import datetime

from paybus.ledger.held import Held
from paybus.trades.operation import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One valid command on its way into the ledger; `operation.state` is the one it enters with.

    `quiet_since` makes it doubted: it may have been carried out in a past that the ledger has lost, and after
    that moment no request for it can have left. None for what is certainly new.
    """

    operation: Operation
    command: bytes
    fingerprint: bytes
    asked_for_at: datetime
    traceparent: str | None
    expires_at: datetime | None
    quiet_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch: new operations, held by the worker, and how many were there before.

    Of new ones that are `doubted` the worker holds none: they are due.
    """

    held: tuple[Held, ...]
    duplicates: int
    conflicts: int
    doubted: int = 0
