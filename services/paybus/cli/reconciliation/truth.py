"""I3: every event against the gateway's books, and every effect in the books against the events."""

from collections.abc import Callable, Container, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from paybus.cli.reconciliation.books import Books, Place
from paybus.cli.reconciliation.evidence import Evidence, Told
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, at, finding
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

Contradiction = Callable[[Told, Books], str | None]
"""Say what the books have instead, None if they agree."""

_REVOKED, _REVOCATION_REQUESTED, _CLOSED = 2, 3, 6  # docs/protocol.md §7.4


def check_truth(evidence: Evidence) -> Finding:
    """Hold I3: nothing told that did not happen, nothing happened that is neither told nor open."""
    effects = len(evidence.books.statement.effects)
    compared = f"{len(evidence.events)} events, {effects} effects, {len(evidence.open_places)} trades open"
    violations = [
        *_untrue(evidence),
        *_untrue_rejections(evidence),
        *_untold(evidence),
        *_wrong_sums(evidence),
    ]
    return finding(Invariant.TRUE_EVENTS, compared, violations)


def _untrue(evidence: Evidence) -> Iterator[Violation]:
    books = evidence.books
    for event in evidence.events.values():
        contradict = _CONTRADICTIONS.get(event.happening, _nothing)
        problem = contradict(event, books) or _wrong_money(event, books)
        if problem is not None:
            yield at(event.place, f"{event.happening} ({event.ce_id}): {problem}")


def _nothing(_event: Told, _books: Books) -> str | None:
    return None


def _created(event: Told, books: Books) -> str | None:
    orders = books.orders.get(event.place)
    if not orders:
        return "the gateway has no such order"
    amount = event.content.amount_fen
    return None if orders[0].amount_fen == amount else f"the order is about {orders[0].amount_fen} fen"


def _paid(event: Told, books: Books) -> str | None:
    charged = books.charged_fen(event.place)
    return None if charged == event.content.paid_fen else f"the gateway charged {charged} fen"


def _not_paid(event: Told, books: Books) -> str | None:
    charged = books.charged_fen(event.place)
    return f"the gateway charged {charged} fen" if charged else None


def _revoked(event: Told, books: Books) -> str | None:
    return None if event.place in books.revocations else "the gateway revoked nothing"


def _in_state(*states: int) -> Contradiction:
    def check(event: Told, books: Books) -> str | None:
        orders = books.orders.get(event.place, [])
        found = ", ".join(str(order.state) for order in orders) or "none"
        return None if any(order.state in states for order in orders) else f"the order's state is {found}"

    return check


def _refund_of(event: Told, books: Books) -> int:
    number = (event.content.merchant_id, event.content.out_refund_no or "")
    return sum(refund.amount_fen for refund in books.refunds.get(number, ()))


def _refunded(event: Told, books: Books) -> str | None:
    refunded = _refund_of(event, books)
    return None if refunded == event.content.refund_amount_fen else f"the gateway refunded {refunded} fen"


def _not_refunded(event: Told, books: Books) -> str | None:
    refunded = _refund_of(event, books)
    return f"the gateway refunded {refunded} fen" if refunded else None


_CONTRADICTIONS: Final[Mapping[str, Contradiction]] = MappingProxyType(
    {
        Happening.TRADE_CREATED: _created,
        Happening.TRADE_PAID: _paid,
        Happening.TRADE_DECLINED: _not_paid,
        Happening.TRADE_REVOKED: _revoked,
        Happening.TRADE_REVOCATION_REQUESTED: _in_state(_REVOCATION_REQUESTED, _REVOKED),
        Happening.TRADE_CLOSED: _in_state(_CLOSED),
        Happening.REFUND_SUCCEEDED: _refunded,
        Happening.REFUND_FAILED: _not_refunded,
        Happening.CALLBACK_UNMATCHED: _created,
    }
)
"""What is not listed says nothing of its own: *unknown* and *accepted* are no claims about money."""


def _wrong_money(event: Told, books: Books) -> str | None:
    """Hold the totals that every event carries against what the gateway took and gave back."""
    content, charged = event.content, books.charged_fen(event.place)
    if content.paid_fen and content.paid_fen != charged:
        return f"it tells of {content.paid_fen} fen paid, the gateway of {charged}"
    refunded = books.refunded_fen.get(event.place, 0)
    if content.refunded_fen > refunded:
        return f"it tells of {content.refunded_fen} fen refunded, the gateway of {refunded}"
    return None


def _untrue_rejections(evidence: Evidence) -> Iterator[Violation]:
    """Find rejected commands of which the gateway did something all the same."""
    for event in evidence.events.values():
        content = event.content
        if event.happening != Happening.COMMAND_REJECTED or content.kind is None:
            continue
        kind, key = Kind(content.kind), content.out_refund_no or content.charge_code
        row = evidence.standing.get((content.merchant_id, kind, key))
        another_stands = row is not None and not event.ce_id.endswith(row.fingerprint.hex())
        if not another_stands and _was_executed(kind, (content.merchant_id, key), evidence.books):
            yield at(event.place, f"{kind} {key} was rejected, and the gateway executed it")


def _was_executed(kind: Kind, place: Place, books: Books) -> bool:
    effects = {Kind.PAY: books.charges, Kind.REFUND: books.refunds, Kind.CANCEL: books.revocations}
    return place in effects[kind]


def _untold(evidence: Evidence) -> Iterator[Violation]:
    """Find effects that no event tells of although nothing is open about their trade."""
    told: set[tuple[str, Place]] = {(event.happening, _subject(event)) for event in evidence.events.values()}
    for happening, effects in (
        (Happening.TRADE_PAID, evidence.books.charges),
        (Happening.REFUND_SUCCEEDED, evidence.books.refunds),
        (Happening.TRADE_REVOKED, evidence.books.revocations),
    ):
        for place, lines in effects.items():
            known = (happening, place) in told or lines[0].place in evidence.open_places
            if not known and not _given_back(place, told, evidence.books):
                what = f"a {lines[0].kind} of {lines[0].amount_fen} fen"
                yield at(place, f"{what} that no {happening} tells of")


def _given_back(place: Place, told: Container[tuple[str, Place]], books: Books) -> bool:
    """Say whether what was charged went back by a revocation that was told: nobody need hear of the charge.

    So it is when a customer pays just before the cancel arrives.
    """
    returned = sum(one.amount_fen for one in books.revocations.get(place, ()))
    return (Happening.TRADE_REVOKED, place) in told and 0 < books.charged_fen(place) == returned


def _subject(event: Told) -> Place:
    content = event.content
    return content.merchant_id, content.out_refund_no or content.charge_code


def _wrong_sums(evidence: Evidence) -> Iterator[Violation]:
    """Hold the last word about each trade with nothing open against what the gateway has in the end."""
    for place, events in evidence.history.items():
        last = [event.content for event in events if event.content.version is not None][-1:]
        refunded = evidence.books.refunded_fen.get(place, 0)
        if last and place not in evidence.open_places and last[0].refunded_fen != refunded:
            yield at(place, f"the last event tells of {last[0].refunded_fen} fen refunded, not of {refunded}")
