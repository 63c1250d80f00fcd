"""How much one worker takes on, and how long it is patient."""

from dataclasses import dataclass, replace

from paybus.ledger.worker import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`lag_seconds` is how long the gateway may not show a request that reached it."""

    in_flight: int
    """Calls at the gateway at once."""
    max_open: int
    """Operations held, and waiting in the ledger to be sent; beyond, nothing more is taken on.

    What the ledger has of UNKNOWN ones does not count: they take no memory, and a gateway that does not tell
    what became of them, for hours, must not keep commands from all the others.
    """
    pay_wait_seconds: float
    """How long a refund or cancel waits for a pay that nobody asked for."""
    lag_seconds: float
    cut_off_seconds: float
    """How long a request may still leave us after it was begun, or cut off: the time for connecting."""
    lease: Lease

    @property
    def lease_of_others(self) -> Lease:
        """The lease by which others are judged: their last request may have left so long after the fence."""
        return replace(self.lease, fence_seconds=self.lease.fence_seconds + self.cut_off_seconds)
