"""How much one worker takes on, and how long it is patient."""

from dataclasses import dataclass

from paybus.ledger.worker import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`lag_seconds` is how long the gateway may not show a request that reached it."""

    in_flight: int
    """Calls at the gateway at once."""
    max_open: int
    """Operations without an answer, held or waiting in the ledger; beyond, nothing more is taken on."""
    pay_wait_seconds: float
    """How long a refund or cancel waits for a pay that nobody asked for."""
    lag_seconds: float
    lease: Lease
