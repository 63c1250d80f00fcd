"""The operations of the gateway as values: what differs between them on the wire (docs/protocol.md §5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation: its name in logs and metrics, its path, the root of its reply.

    `moves_money` says that a lost answer leaves money in doubt; `patient` that the gateway may hold
    the connection for as long as a customer may take to pay (docs/protocol.md §1).
    """

    name: str
    path: str
    root: str
    moves_money: bool = False
    patient: bool = False

    @property
    def request_root(self) -> str:
        """The root of an XML request: ORDER_REQ is known, the others are named after it."""
        return f"{self.root.removesuffix('_RESP')}_REQ"
