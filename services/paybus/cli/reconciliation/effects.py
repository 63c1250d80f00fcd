"""I1, I5 and I6: what the gateway did with money, and how often it was asked to."""

from collections import Counter
from collections.abc import Iterator

from paybus.cli.reconciliation.books import Call
from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, at, finding
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict

_KIND_OF_CALL = {"pay": Kind.PAY, "order": Kind.PAY, "refund": Kind.REFUND, "cancel": Kind.CANCEL}
_ABOVE_REMAINDER = "AMT_ERROR"

Key = tuple[str, Kind, str]


def check_single_effects(evidence: Evidence) -> Finding:
    """Hold I1 against the books: charges, orders and revocations by charge code, refunds by number."""
    books = evidence.books
    compared = (
        f"{len(books.charges)} charge codes and {len(books.refunds)} refund numbers with an effect,"
        f" {len(books.orders)} orders"
    )
    return finding(Invariant.ONE_EFFECT, compared, _double_effects(evidence))


def _double_effects(evidence: Evidence) -> Iterator[Violation]:
    books = evidence.books
    for name, groups in (
        ("charges", books.charges),
        ("refunds under one number", books.refunds),
        ("revocations", books.revocations),
        ("orders under one charge code", books.orders),
    ):
        for place, lines in groups.items():
            if len(lines) > 1:
                yield at(place, f"{len(lines)} {name}")


def check_refunds(evidence: Evidence) -> Finding:
    """Hold I5 against the books, the events, the ledger, and what the gateway had to refuse."""
    books = evidence.books
    compared = (
        f"{len(books.refunds)} refunds of {len(books.refunded_fen)} trades, {len(evidence.trades)} rows"
    )
    return finding(Invariant.NO_OVERREFUND, compared, _over_refunds(evidence))


def _over_refunds(evidence: Evidence) -> Iterator[Violation]:
    books = evidence.books
    for place, refunded in books.refunded_fen.items():
        returned = sum(one.amount_fen for one in books.revocations.get(place, ()))
        if refunded + returned > books.charged_fen(place):
            yield at(place, f"{refunded + returned} fen went back of {books.charged_fen(place)} fen")
    for event in evidence.events.values():
        if event.content.refunded_fen > event.content.paid_fen:
            yield at(event.place, f"{event.ce_id} tells of more refunded than paid")
    for row in evidence.trades:
        if row.refunded_fen + row.reserved_fen > row.paid_fen:
            yield at(row.place, "the ledger has more refunded and promised than paid")
    for call in books.statement.calls:
        if call.operation == "refund" and call.answer_code == _ABOVE_REMAINDER:
            number = call.refund_number or ""
            yield at((call.merchant_id, number), "the gateway was asked for more than what remained")


def check_calls(evidence: Evidence) -> Finding:
    """Hold I6: calls in the books against the verdicts in the audit trail that allowed another one."""
    made = Counter(filter(None, map(_key_of, evidence.books.statement.calls)))
    allowed = Counter(
        (call.merchant_id, Kind(call.kind), call.key)
        for call in evidence.calls
        if call.verdict == Verdict.NOT_EXECUTED
    )
    compared = f"{made.total()} calls for {len(made)} operations, {allowed.total()} verdicts 'not executed'"
    violations = (
        at((merchant_id, key), f"{count} {kind} calls, {1 + allowed[merchant_id, kind, key]} allowed")
        for (merchant_id, kind, key), count in made.items()
        if count > 1 + allowed[merchant_id, kind, key]
    )
    return finding(Invariant.NO_NEEDLESS_CALL, compared, violations)


def _key_of(call: Call) -> Key | None:
    kind = _KIND_OF_CALL.get(call.operation)
    key = call.refund_number if kind is Kind.REFUND else call.charge_code
    return None if kind is None or key is None else (call.merchant_id, kind, key)
