"""What a restored ledger may have forgotten, as people read it."""

from collections.abc import Iterator, Sequence

from paybus.cli.restoration.rewinding import Place
from paybus.ledger.restoration import Doubted


def lines_of(doubted: Sequence[Doubted], places: Sequence[Place]) -> Iterator[str]:
    """Say how many operations of which kind are asked about first, and how much is read again."""
    for one in doubted:
        yield f"{one.kind} {one.state}: {one.count}, {one.amount_fen} fen"
    yield f"{sum(one.count for one in doubted)} operations are asked about before anything is sent for them"
    for topic in dict.fromkeys(place.end.topic for place in places):
        its = [place for place in places if place.end.topic == topic]
        again, known = sum(place.again for place in its), sum(place.end.offset for place in its)
        yield f"{topic}: {again} records are read again; those below its end ({known}) are asked about first"
