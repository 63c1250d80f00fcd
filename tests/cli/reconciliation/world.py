"""A small world in which everything went well, in all the ways in which it can; tests spoil it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from paybus.cli.reconciliation.books import Books, Call, Callback, Effect, Order, Statement
from paybus.cli.reconciliation.evidence import Evidence, Letter, OperationRow, Sent, Told, TradeRow
from paybus.contracts.call import GatewayCall
from paybus.contracts.command import (
    CancelCommand,
    Command,
    Identity,
    PayCommand,
    RefundCommand,
    encode,
    fingerprint,
    identify,
)
from paybus.contracts.event import event_headers, reject
from paybus.trades.operation import Kind, OperationState

M = "0010000001"
WHEN = datetime(2026, 1, 31, tzinfo=UTC)


def pay(code: str, amount_fen: int = 1000, method: Any = "barcode") -> PayCommand:
    """Ask for 10 yuan."""
    return PayCommand(
        merchant_id=M, charge_code=code, method=method, amount_fen=amount_fen, subject="Coffee",
        auth_code="280000000000000001", channel_type=1,
    )  # fmt: skip


def refund(code: str, number: str, amount_fen: int = 300) -> RefundCommand:
    """Ask for 3 yuan back."""
    return RefundCommand(
        merchant_id=M, charge_code=code, out_refund_no=number, amount_fen=amount_fen, subject="Cold"
    )


def cancel(code: str) -> CancelCommand:
    """Ask for a revocation at once."""
    return CancelCommand(merchant_id=M, charge_code=code)


class World:
    """Collects evidence."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.told: list[Told] = []
        self.letters: list[Letter] = []
        self.calls: list[GatewayCall] = []
        self.operations: list[OperationRow] = []
        self.trades: list[TradeRow] = []
        self.effects: list[Effect] = []
        self.orders: list[Order] = []
        self.made: list[Call] = []

    def send(self, kind: Kind, value: bytes | None) -> Sent:
        """Put a record on its topic."""
        record = Sent(kind=kind, position=(f"{kind}.commands", 0, len(self.sent)), value=value)
        self.sent.append(record)
        return record

    def accept(self, command: Command, state: OperationState, answer_id: str | None) -> None:
        """Send a command and let the ledger accept it."""
        self.send(command.KIND, encode(command))
        self.operations.append(
            OperationRow(
                merchant_id=M, kind=command.KIND, key=command.key, charge_code=command.charge_code,
                state=state, fingerprint=fingerprint(command), answer_id=answer_id,
            )
        )  # fmt: skip

    def tell(self, happening: str, code: str, version: int, **more: Any) -> Told:
        """Tell an event about a trade."""
        value = {"merchant_id": M, "charge_code": code, "version": version, "amount_fen": 1000, **more}
        return self._tell(f"{M}/{code}/{version}", happening, code, msgspec.json.encode(value))

    def reject(self, kind: Kind, identity: Identity, mark: bytes, reason: str = "refused") -> Told:
        """Tell that a command is refused."""
        event = reject(kind, identity, reason=reason, message="No.", fingerprint=mark)
        return self._tell(event.ce_id, event.ce_type, event.charge_code, event.value)

    def effect(self, kind: str, code: str, amount_fen: int, number: str | None = None) -> None:
        """Let money move."""
        self.effects.append(
            Effect(kind=kind, merchant_id=M, charge_code=code, refund_number=number, amount_fen=amount_fen)
        )

    def order(self, code: str, state: int, *, paid_fen: int = 0) -> None:
        """Book an order."""
        self.orders.append(
            Order(merchant_id=M, charge_code=code, state=state, amount_fen=1000, paid_fen=paid_fen)
        )

    def call(self, operation: str, code: str, number: str | None = None, answer: str = "SUCCESS") -> None:
        """Call the gateway."""
        self.made.append(
            Call(
                operation=operation, merchant_id=M, charge_code=code, refund_number=number, answer_code=answer
            )
        )

    def evidence(self) -> Evidence:
        """Give everything as evidence."""
        statement = Statement(
            effects=tuple(self.effects), orders=tuple(self.orders), calls=tuple(self.made),
            callbacks=(Callback(kind="genuine", status=200), Callback(kind="genuine")),
        )  # fmt: skip
        return Evidence(
            sent=self.sent, told=self.told, letters=self.letters, calls=self.calls,
            operations=self.operations, trades=self.trades, books=Books(statement),
            committed={one.position[:2]: len(self.sent) for one in self.sent},
        )  # fmt: skip

    def _tell(self, ce_id: str, happening: str, code: str, value: bytes) -> Told:
        headers = event_headers(
            ce_id=ce_id, ce_type=happening, charge_code=code, occurred_at=WHEN, traceparent=None
        )
        told = Told.read(value, headers)
        self.told.append(told)
        return told


def good_world() -> World:
    """Everything that may happen, and all of it told rightly."""
    world = World()
    for part in (_refunded, _cancelled, _declined, _unknown, _refused, _unreadable, _sent_again):
        part(world)
    return world


def _refunded(world: World) -> None:
    """Let A be paid, sent twice, and refunded once; a second refund is above what remains."""
    world.accept(pay("A"), OperationState.DONE, f"{M}/A/1")
    world.send(Kind.PAY, encode(pay("A")))
    world.order("A", 4, paid_fen=1000)
    world.call("pay", "A")
    world.effect("charge", "A", 1000)
    world.tell("trade.paid", "A", 1, paid_fen=1000)
    world.accept(refund("A", "RA1"), OperationState.DONE, f"{M}/A/2")
    world.call("refund", "A", "RA1")
    world.effect("refund", "A", 300, "RA1")
    world.told.append(world.told[-1])
    world.tell(
        "refund.succeeded",
        "A",
        2,
        paid_fen=1000,
        refunded_fen=300,
        out_refund_no="RA1",
        refund_amount_fen=300,
    )
    world.tell("trade.partially_refunded", "A", 3, paid_fen=1000, refunded_fen=300)
    above = refund("A", "RA2", 800)
    rejection = world.reject(Kind.REFUND, Identity(M, "A", "RA2"), fingerprint(above))
    world.accept(above, OperationState.REJECTED, rejection.ce_id)
    world.trades.append(
        TradeRow(merchant_id=M, charge_code="A", paid_fen=1000, refunded_fen=300, reserved_fen=0)
    )


def _cancelled(world: World) -> None:
    """Let B be ordered, paid by its customer, then revoked."""
    world.accept(pay("B", method="native"), OperationState.DONE, f"{M}/B/1")
    world.order("B", 2, paid_fen=1000)
    world.call("order", "B")
    world.tell("trade.created", "B", 1)
    world.effect("charge", "B", 1000)
    world.tell("trade.paid", "B", 2, paid_fen=1000)
    world.accept(cancel("B"), OperationState.DONE, f"{M}/B/3")
    world.call("cancel", "B")
    world.effect("revocation", "B", 1000)
    world.tell("trade.revoked", "B", 3, paid_fen=1000)


def _declined(world: World) -> None:
    """Let C be declined; its cancel is refused because of that."""
    world.accept(pay("C"), OperationState.DONE, f"{M}/C/1")
    world.order("C", 6)
    world.call("pay", "C", answer="FAIL")
    world.tell("trade.declined", "C", 1)
    rejection = world.reject(Kind.CANCEL, Identity(M, "C"), fingerprint(cancel("C")))
    world.accept(cancel("C"), OperationState.REJECTED, rejection.ce_id)


def _unknown(world: World) -> None:
    """Let D be charged, and us not know it yet: visibly open."""
    world.accept(pay("D"), OperationState.UNKNOWN, None)
    world.order("D", 1, paid_fen=1000)
    world.call("pay", "D")
    world.effect("charge", "D", 1000)
    world.tell("trade.unknown", "D", 1)


def _refused(world: World) -> None:
    """Let amount 0 and an unknown merchant be refused while read, and another content under A's key."""
    nothing = encode(pay("E", amount_fen=0))
    unknown = encode(pay("F")).replace(M.encode(), b"9999999999")
    for value in (nothing, unknown):
        world.send(Kind.PAY, value)
        world.reject(Kind.PAY, identify(value, Kind.PAY), blake2b(value, digest_size=16).digest())
    other = pay("A", amount_fen=2000)
    world.send(Kind.PAY, encode(other))
    world.reject(Kind.PAY, Identity(M, "A"), fingerprint(other), "key_conflict")


def _unreadable(world: World) -> None:
    """Send two records that are no commands."""
    for value in (b"{", None):
        record = world.send(Kind.REFUND, value)
        world.letters.append(Letter(position=record.position, value=value))


def _sent_again(world: World) -> None:
    """Let G be paid by a second call, because the first certainly did nothing."""
    world.accept(pay("G"), OperationState.DONE, f"{M}/G/1")
    world.order("G", 1, paid_fen=1000)
    world.call("pay", "G")
    world.call("pay", "G")
    world.calls.append(audit("pay", "G", "not_executed"))
    world.effect("charge", "G", 1000)
    world.tell("trade.paid", "G", 1, paid_fen=1000)


def audit(kind: str, key: str, verdict: str) -> GatewayCall:
    """One record of the calls topic."""
    return GatewayCall(
        operation="query", kind=kind, merchant_id=M, charge_code=key, key=key, verdict=verdict,
        at_ms=0, duration_us=1,
    )  # fmt: skip


Spoil = Callable[[World], None]


def without(world: World, ce_id: str) -> None:
    """Let an event never have been told."""
    world.told[:] = [told for told in world.told if told.ce_id != ce_id]


def retold(world: World, ce_id: str, **changed: Any) -> None:
    """Let an event say something else."""
    for place, told in enumerate(world.told):
        if told.ce_id == ce_id:
            content = msgspec.structs.replace(told.content, **changed)
            world.told[place] = replace(told, content=content)
