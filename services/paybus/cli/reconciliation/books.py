"""The gateway's own books as evidence: the part of `GET /admin/books` that is compared (docs/sandbox.md)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self, TypeVar

import msgspec
from msgspec import Struct

Place = tuple[str, str]
"""Merchant and charge code, or merchant and refund number."""


Line = TypeVar("Line")


class Effect(Struct, frozen=True, kw_only=True):
    """What the gateway did: charge, refund, revocation or expiry."""

    kind: str
    merchant_id: str
    charge_code: str
    refund_number: str | None = None
    amount_fen: int

    @property
    def place(self) -> Place:
        """Which trade it concerns."""
        return self.merchant_id, self.charge_code


class Order(Struct, frozen=True, kw_only=True):
    """An order as it stands in the end; `state` is the gateway's number (docs/protocol.md §7.4)."""

    merchant_id: str
    charge_code: str
    state: int
    amount_fen: int
    paid_fen: int = 0

    @property
    def place(self) -> Place:
        """Which trade it is."""
        return self.merchant_id, self.charge_code


class Call(Struct, frozen=True, kw_only=True):
    """One call that could have moved money, and what the gateway decided about it.

    Times are Unix seconds. With a `fault` the caller did not see what was decided.
    """

    operation: str
    merchant_id: str
    charge_code: str | None = None
    refund_number: str | None = None
    answer_code: str | None = None
    at: float = 0.0
    answered_at: float | None = None
    fault: str | None = None


class Callback(Struct, frozen=True, kw_only=True):
    """One attempt to call back; without a status nobody answered."""

    kind: str
    status: int | None = None


class Statement(Struct, frozen=True, kw_only=True):
    """The books as the sandbox exports them."""

    effects: tuple[Effect, ...] = ()
    orders: tuple[Order, ...] = ()
    calls: tuple[Call, ...] = ()
    callbacks: tuple[Callback, ...] = ()


@dataclass(frozen=True)
class Books:
    """The statement, and its lines by what they are about."""

    statement: Statement = field(default_factory=Statement)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the sandbox's export; raises msgspec.DecodeError or msgspec.ValidationError."""
        return cls(msgspec.json.decode(body, type=Statement))

    @cached_property
    def orders(self) -> dict[Place, list[Order]]:
        """The orders of each trade; more than one is a second order under one charge code."""
        return _grouped((order.place, order) for order in self.statement.orders)

    @cached_property
    def charges(self) -> dict[Place, list[Effect]]:
        """What was taken from customers, by trade."""
        return _grouped((one.place, one) for one in self.statement.effects if one.kind == "charge")

    @cached_property
    def revocations(self) -> dict[Place, list[Effect]]:
        """What was revoked, by trade (0 fen where nothing had been paid)."""
        return _grouped((one.place, one) for one in self.statement.effects if one.kind == "revocation")

    @cached_property
    def refunds(self) -> dict[Place, list[Effect]]:
        """What was refunded, by refund number; a refund without one is under ""."""
        found = (one for one in self.statement.effects if one.kind == "refund")
        return _grouped(((one.merchant_id, one.refund_number or ""), one) for one in found)

    @cached_property
    def refunded_fen(self) -> dict[Place, int]:
        """How much was refunded of each trade."""
        sums: dict[Place, int] = defaultdict(int)
        for refunds in self.refunds.values():
            for refund in refunds:
                sums[refund.place] += refund.amount_fen
        return dict(sums)

    def charged_fen(self, place: Place) -> int:
        """Give what was taken for a trade in all."""
        return sum(charge.amount_fen for charge in self.charges.get(place, ()))


def _grouped(pairs: Iterable[tuple[Place, Line]]) -> dict[Place, list[Line]]:
    groups: dict[Place, list[Line]] = defaultdict(list)
    for place, line in pairs:
        groups[place].append(line)
    return dict(groups)
