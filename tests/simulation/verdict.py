"""What a world did against what was promised (docs/design.md): I1 to I8, and the order of the relay."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from paybus.cli.reconciliation.books import Books, Call, Effect, Order, Statement
from paybus.cli.reconciliation.evidence import Evidence, Letter, OperationRow, Sent, Told, TradeRow
from paybus.cli.reconciliation.report import reconcile
from paybus.sandbox.books import Books as OpenBooks
from paybus.trades.operation import Kind, OperationState

if TYPE_CHECKING:
    from tests.simulation.world import World


def violations_of(world: "World") -> Iterator[str]:
    """Give a sentence for every promise that was broken."""
    yield from world.loop.errors
    yield from world.early_commits
    for finding in reconcile(evidence_of(world)).findings:
        for violation in finding.violations:
            yield f"{finding.invariant} {violation.where}: {violation.sentence}"
    yield from _left_behind(world)


def _left_behind(world: "World") -> Iterator[str]:
    """I8: when the faults have stopped, nothing stays open, held or promised, and nothing untold."""
    tables = world.database.tables
    for row in tables.operations.values():
        if row["state"] not in {"done", "rejected"}:
            yield f"I8 {row['kind']} {row['key']} is still {row['state']}"
    for row in tables.trades.values():
        if row["reserved_fen"] or row["cancelling"]:
            yield f"I8 {row['charge_code']} has {row['reserved_fen']} fen reserved ({row['cancelling']=})"
    if tables.outbox:
        yield f"I8 {len(tables.outbox)} events are still in the outbox"
    for topic in world.topics.values():
        if not topic.consumed:
            yield f"I8 {topic.name} is consumed up to {topic.committed} only"


def evidence_of(world: "World") -> Evidence:
    """Lay everything side by side."""
    tables = world.database.tables
    return Evidence(
        sent=[
            Sent(kind=kind, position=(one.topic, one.partition, one.offset), value=one.value)
            for kind, topic in world.topics.items()
            for log in topic.logs
            for one in log
        ],
        told=[Told.read(record.value, record.headers) for record in world.around.events.log],
        letters=[Letter.read(value, headers) for value, headers in world.around.letters.kept],
        calls=world.around.journal.calls,
        operations=[_operation(tables.operations[number]) for number in sorted(tables.operations)],
        trades=[
            TradeRow(**{name: row[name] for name in TradeRow.__dataclass_fields__})
            for row in tables.trades.values()
        ],
        books=Books(_statement(world.gateway.books)),
        committed={
            (topic.name, partition): offset
            for topic in world.topics.values()
            for partition, offset in enumerate(topic.committed)
        },
    )


def _operation(row: Mapping[str, Any]) -> OperationRow:
    values = {name: row[name] for name in OperationRow.__dataclass_fields__}
    return OperationRow(**{**values, "kind": Kind(values["kind"]), "state": OperationState(values["state"])})


def _statement(books: OpenBooks) -> Statement:
    return Statement(
        effects=tuple(
            Effect(
                kind=one.kind, merchant_id=one.merchant_id, charge_code=one.charge_code,
                refund_number=one.refund_number, amount_fen=one.amount_fen,
            )
            for one in books.effects
        ),
        orders=tuple(
            Order(
                merchant_id=one.wish.merchant_id, charge_code=one.wish.charge_code, state=one.state.value,
                amount_fen=one.wish.amount_fen, paid_fen=one.paid_fen,
            )
            for one in books.orders
        ),
        calls=tuple(
            Call(
                operation=one.operation, merchant_id=one.merchant_id, charge_code=one.charge_code,
                refund_number=one.refund_number, answer_code=one.answer_code,
            )
            for one in books.calls
        ),
    )  # fmt: skip
