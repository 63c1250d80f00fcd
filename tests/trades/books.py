"""A gateway small enough to be read at a glance. It accepts everything, so only we keep the books right."""

from dataclasses import dataclass, field

from paybus.trades.money import Fen
from paybus.trades.outcome import Facts


@dataclass
class Refund:
    """One refund at the gateway: how often it was executed, and how it stands."""

    amount_fen: Fen
    times: int = 0
    state: int = 10
    """10 pending, 11 succeeded, 12 failed (docs/protocol.md §7.4)."""


@dataclass
class Books:
    """What really happened. Nothing is ever refused as a repetition: a second call is a second effect."""

    amount_fen: Fen
    state: int | None = None
    """None: no such order; 0 waits for the customer, 1 paid, 2 revoked."""
    charges: int = 0
    revocations: int = 0
    refunds: dict[str, Refund] = field(default_factory=dict)

    def charge(self) -> None:
        """Take the customer's money."""
        self.charges += 1
        self.state = 1

    def give_up(self) -> None:
        """Put the order away unpaid."""
        self.state = 2

    def revoke(self) -> None:
        """Revoke the order, giving back whatever was paid."""
        self.revocations += 1
        self.state = 2

    def refund(self, number: str, amount_fen: Fen) -> None:
        """Begin to give back a part."""
        self.refunds.setdefault(number, Refund(amount_fen)).times += 1

    @property
    def returned_fen(self) -> int:
        """What went back or may still go back to the customer."""
        back = sum(one.amount_fen * one.times for one in self.refunds.values() if one.state != 12)
        return back + (self.amount_fen * self.charges if self.revocations else 0)

    def answer(self, number: str | None = None) -> tuple[str, Facts]:
        """Answer an inquiry about the order, or about the refund *number*, truthfully."""
        refund = self.refunds.get(number) if number else None
        state = self.state if number is None else refund and refund.state
        if state is None:
            return "CHARGE_NONEXISTENT", Facts()
        amount_fen = self.amount_fen if number is None else None
        return "SUCCESS", Facts(gateway_state=state, amount_fen=amount_fen)
