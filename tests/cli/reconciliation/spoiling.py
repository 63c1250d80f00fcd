"""Every way in which a run can break a promise, and the invariant and the words that must tell of it."""

from dataclasses import replace

import msgspec
from tests.cli.reconciliation.world import M, Spoil, World, audit, cancel, pay, refund, retold, without

from paybus.cli.reconciliation.evidence import Letter, TradeRow
from paybus.cli.reconciliation.finding import Invariant
from paybus.contracts.command import Identity, encode, fingerprint
from paybus.trades.operation import Kind, OperationState


def spoil_with_effect(kind: str, code: str, number: str | None = None) -> Spoil:
    """Let the gateway do something once more, or at all."""
    return lambda world: world.effect(kind, code, 300, number)


def lose_operation(kind: Kind, key: str) -> Spoil:
    """Let the ledger know nothing of a command."""

    def spoil(world: World) -> None:
        world.operations[:] = [row for row in world.operations if (row.kind, row.key) != (kind, key)]

    return spoil


def close_operation(key: str, answer_id: str | None) -> Spoil:
    """Let the ledger say that an operation is done."""

    def spoil(world: World) -> None:
        for place, row in enumerate(world.operations):
            if row.key == key and row.kind is Kind.PAY:
                world.operations[place] = replace(row, state=OperationState.DONE, answer_id=answer_id)

    return spoil


def answer_refund_with(answer_id: str) -> Spoil:
    """Let the ledger have another answer to A's refund."""

    def spoil(world: World) -> None:
        for place, row in enumerate(world.operations):
            if row.key == "RA1":
                world.operations[place] = replace(row, answer_id=answer_id)

    return spoil


def tell_too(happening: str, code: str, version: int, **more: object) -> Spoil:
    """Tell one event too many."""

    def spoil(world: World) -> None:
        world.tell(happening, code, version, **more)

    return spoil


def alter_repeat(world: World) -> None:
    """Let the repeat of A's payment have other bytes."""
    places = [place for place, told in enumerate(world.told) if told.ce_id == f"{M}/A/1"]
    told = world.told[places[1]]
    world.told[places[1]] = replace(told, value=told.value + b" ")


def alter_time_of_repeat(world: World) -> None:
    """Let the repeat of A's payment have another time."""
    places = [place for place, told in enumerate(world.told) if told.ce_id == f"{M}/A/1"]
    told = world.told[places[1]]
    headers = tuple((name, b"later" if name == "ce_time" else value) for name, value in told.headers)
    world.told[places[1]] = replace(told, headers=headers)


def swap_events(world: World) -> None:
    """Let B's payment be told before its order."""
    one, other = (place for place, told in enumerate(world.told) if told.ce_id in {f"{M}/B/1", f"{M}/B/2"})
    world.told[one], world.told[other] = world.told[other], world.told[one]


def misname(world: World) -> None:
    """Let an event's id name another version than its content."""
    for place, told in enumerate(world.told):
        if told.ce_id == f"{M}/C/1":
            world.told[place] = replace(told, ce_id=f"{M}/C/2")


def reject_what_was_done(world: World) -> None:
    """Let a refund be refused that the gateway carried out."""
    done = refund("A", "RA9")
    rejection = world.reject(Kind.REFUND, Identity(M, "A", "RA9"), fingerprint(done))
    world.accept(done, OperationState.REJECTED, rejection.ce_id)
    world.effect("refund", "A", 300, "RA9")


def answer_twice(world: World) -> None:
    """Let B's cancel be refused although B is revoked."""
    world.reject(Kind.CANCEL, Identity(M, "B"), fingerprint(cancel("B")))


def never_send_to_the_ledger(world: World) -> None:
    """Send a pay of which nobody ever hears again."""
    world.send(Kind.PAY, encode(pay("H")))


def lose_the_conflict(world: World) -> None:
    """Send B's key with another content, and say nothing."""
    world.send(Kind.PAY, encode(pay("B", amount_fen=5)))


def bury_a_command(world: World) -> None:
    """Let A's pay be a dead letter as well."""
    world.letters.append(Letter(position=world.sent[0].position, value=world.sent[0].value))


def alter_a_letter(world: World) -> None:
    """Let a dead letter have another value than the record."""
    world.letters[0] = replace(world.letters[0], value=b"{}")


def promise_too_much(world: World) -> None:
    """Let the ledger have promised more than was paid."""
    world.trades.append(
        TradeRow(merchant_id=M, charge_code="G", paid_fen=1000, refunded_fen=600, reserved_fen=500)
    )


def order_again(world: World) -> None:
    """Let a second order be open under B's charge code."""
    world.order("B", 0)


def change_order(code: str, **changed: object) -> Spoil:
    """Let the gateway have an order otherwise."""

    def spoil(world: World) -> None:
        world.orders[:] = [
            msgspec.structs.replace(order, **changed) if order.charge_code == code else order
            for order in world.orders
        ]

    return spoil


BROKEN: dict[str, tuple[Spoil, Invariant, str]] = {
    "charged twice": (spoil_with_effect("charge", "A"), Invariant.ONE_EFFECT, "2 charges"),
    "refunded twice": (
        spoil_with_effect("refund", "A", "RA1"),
        Invariant.ONE_EFFECT,
        "2 refunds under one number",
    ),
    "revoked twice": (spoil_with_effect("revocation", "B"), Invariant.ONE_EFFECT, "2 revocations"),
    "ordered twice": (order_again, Invariant.ONE_EFFECT, "2 orders under one charge code"),
    "a command vanished": (never_send_to_the_ledger, Invariant.ONE_ANSWER, "pay H has no answer"),
    "an unknown that is not open": (
        lose_operation(Kind.PAY, "D"),
        Invariant.ONE_ANSWER,
        "pay D has no answer",
    ),
    "closed without an answer": (close_operation("D", None), Invariant.ONE_ANSWER, "(none) is not on Kafka"),
    "answered, but not on Kafka": (
        lambda world: without(world, f"{M}/C/1"),
        Invariant.ONE_ANSWER,
        "pay C has no answer",
    ),
    "a refusal that was not told": (
        lambda world: world.told.remove(next(told for told in world.told if "RA2" in told.ce_id)),
        Invariant.ONE_ANSWER,
        "refund RA2 has no answer",
    ),
    "a conflict that was not told": (lose_the_conflict, Invariant.ONE_ANSWER, "pay B has no answer"),
    "an answer nobody can read": (
        close_operation("A", f"{M}/A/77"),
        Invariant.ONE_ANSWER,
        f"({M}/A/77) is not on Kafka",
    ),
    "a refund answered with an event about its trade": (
        answer_refund_with(f"{M}/A/3"),
        Invariant.ONE_ANSWER,
        f"refund RA1 is answered with {M}/A/3, which does not name it",
    ),
    "an answer about another trade": (
        close_operation("A", f"{M}/B/1"),
        Invariant.ONE_ANSWER,
        f"pay A is answered with {M}/B/1, which does not name it",
    ),
    "paid and declined": (
        tell_too("trade.declined", "A", 4, paid_fen=1000, refunded_fen=300),
        Invariant.ONE_ANSWER,
        "pay A has more than one answer",
    ),
    "refund succeeded and failed": (
        tell_too("refund.failed", "A", 4, paid_fen=1000, refunded_fen=300, out_refund_no="RA1"),
        Invariant.ONE_ANSWER,
        "refund RA1 has more than one answer",
    ),
    "cancelled and refused": (answer_twice, Invariant.ONE_ANSWER, "cancel B has more than one answer"),
    "an unreadable record vanished": (
        lambda world: world.letters.clear(),
        Invariant.ONE_ANSWER,
        "is no dead letter",
    ),
    "a command was buried": (bury_a_command, Invariant.ONE_ANSWER, "nobody sent such a record"),
    "a dead letter was altered": (alter_a_letter, Invariant.ONE_ANSWER, "another value as a dead letter"),
    "paid, but not at the gateway": (
        lambda world: world.effects.pop(0),
        Invariant.TRUE_EVENTS,
        "trade.paid (0010000001/A/1): the gateway charged 0 fen",
    ),
    "paid another amount": (
        lambda world: retold(world, f"{M}/G/1", paid_fen=999),
        Invariant.TRUE_EVENTS,
        "the gateway charged 1000 fen",
    ),
    "declined, but charged": (
        spoil_with_effect("charge", "C"),
        Invariant.TRUE_EVENTS,
        "trade.declined (0010000001/C/1): the gateway charged 300 fen",
    ),
    "created, but not at the gateway": (
        lambda world: world.orders.remove(next(order for order in world.orders if order.charge_code == "B")),
        Invariant.TRUE_EVENTS,
        "the gateway has no such order",
    ),
    "created over another amount": (
        change_order("B", amount_fen=1),
        Invariant.TRUE_EVENTS,
        "the order is about 1 fen",
    ),
    "revoked, but not at the gateway": (
        lambda world: world.effects.remove(next(one for one in world.effects if one.kind == "revocation")),
        Invariant.TRUE_EVENTS,
        "the gateway revoked nothing",
    ),
    "closed, but not at the gateway": (
        tell_too("trade.closed", "G", 2, paid_fen=1000),
        Invariant.TRUE_EVENTS,
        "the order's state is 1",
    ),
    "revocation asked for, but not at the gateway": (
        tell_too("trade.revocation_requested", "G", 2, paid_fen=1000),
        Invariant.TRUE_EVENTS,
        "the order's state is 1",
    ),
    "refunded, but not at the gateway": (
        lambda world: world.effects.remove(next(one for one in world.effects if one.kind == "refund")),
        Invariant.TRUE_EVENTS,
        "refund.succeeded (0010000001/A/2): the gateway refunded 0 fen",
    ),
    "refund failed, but the gateway did it": (
        tell_too("refund.failed", "A", 4, paid_fen=1000, refunded_fen=300, out_refund_no="RA1"),
        Invariant.TRUE_EVENTS,
        "refund.failed (0010000001/A/4): the gateway refunded 300 fen",
    ),
    "refused, but the gateway did it": (
        reject_what_was_done,
        Invariant.TRUE_EVENTS,
        "refund RA9 was rejected, and the gateway executed it",
    ),
    "a total that is not the gateway's": (
        lambda world: retold(world, f"{M}/A/3", refunded_fen=400),
        Invariant.TRUE_EVENTS,
        "it tells of 400 fen refunded, the gateway of 300",
    ),
    "a last word that is behind the gateway": (
        lambda world: retold(world, f"{M}/A/3", refunded_fen=0),
        Invariant.TRUE_EVENTS,
        "the last event tells of 0 fen refunded, not of 300",
    ),
    "a charge nobody was told of": (
        spoil_with_effect("charge", "X"),
        Invariant.TRUE_EVENTS,
        "a charge of 300 fen that no trade.paid tells of",
    ),
    "a refund nobody was told of": (
        spoil_with_effect("refund", "G", "RG1"),
        Invariant.TRUE_EVENTS,
        "a refund of 300 fen that no refund.succeeded tells of",
    ),
    "a revocation nobody was told of": (
        spoil_with_effect("revocation", "G"),
        Invariant.TRUE_EVENTS,
        "a revocation of 300 fen that no trade.revoked tells of",
    ),
    "a version is missing": (
        lambda world: without(world, f"{M}/A/2"),
        Invariant.ORDERED_EVENTS,
        f"{M}/A: versions 1, 3",
    ),
    "events out of order": (swap_events, Invariant.ORDERED_EVENTS, f"{M}/B: versions 2, 1, 3"),
    "an id that lies": (misname, Invariant.ORDERED_EVENTS, "says that it is version 1"),
    "a repeat with other bytes": (alter_repeat, Invariant.ORDERED_EVENTS, "came again with other bytes"),
    "a repeat at another time": (
        alter_time_of_repeat,
        Invariant.ORDERED_EVENTS,
        "came again with other bytes",
    ),
    "more refunded than paid": (
        lambda world: world.effect("refund", "A", 701, "RA5"),
        Invariant.NO_OVERREFUND,
        "1001 fen went back of 1000 fen",
    ),
    "refunded and revoked": (
        spoil_with_effect("refund", "B", "RB1"),
        Invariant.NO_OVERREFUND,
        "1300 fen went back of 1000 fen",
    ),
    "an event with more refunded than paid": (
        lambda world: retold(world, f"{M}/A/3", refunded_fen=1001),
        Invariant.NO_OVERREFUND,
        "tells of more refunded than paid",
    ),
    "more promised than paid": (promise_too_much, Invariant.NO_OVERREFUND, "more refunded and promised"),
    "the gateway had to refuse a refund": (
        lambda world: world.call("refund", "A", "RA2", answer="AMT_ERROR"),
        Invariant.NO_OVERREFUND,
        "asked for more than what remained",
    ),
    "paid with two calls": (
        lambda world: world.call("pay", "A"),
        Invariant.NO_NEEDLESS_CALL,
        "2 pay calls, 1 allowed",
    ),
    "refunded with two calls": (
        lambda world: world.call("refund", "A", "RA1"),
        Invariant.NO_NEEDLESS_CALL,
        "2 refund calls, 1 allowed",
    ),
    "cancelled with two calls": (
        lambda world: world.call("cancel", "B"),
        Invariant.NO_NEEDLESS_CALL,
        "2 cancel calls, 1 allowed",
    ),
    "sent again without a verdict": (
        lambda world: world.calls.clear(),
        Invariant.NO_NEEDLESS_CALL,
        "2 pay calls, 1 allowed",
    ),
    "sent again after a doubtful verdict": (
        lambda world: world.calls.__setitem__(0, audit("pay", "G", "unknown")),
        Invariant.NO_NEEDLESS_CALL,
        "2 pay calls, 1 allowed",
    ),
    "committed and forgotten": (
        never_send_to_the_ledger,
        Invariant.DURABLE_OFFSETS,
        "pay.commands[0]@15: is committed, and is nowhere else",
    ),
    "committed before its letter": (
        lambda world: world.letters.clear(),
        Invariant.DURABLE_OFFSETS,
        "refund.commands[0]@12: is committed, and is nowhere else",
    ),
    "committed, and its refusal was not kept": (
        lose_the_conflict,
        Invariant.DURABLE_OFFSETS,
        "pay.commands[0]@15: is committed, and is nowhere else",
    ),
}
