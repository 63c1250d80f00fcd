"""What an order service asks for only when it has heard of something."""

from paybus.cli.reconciliation.evidence import Content, Told
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.waiting import WaitingMessages
from paybus.trades.operation import Kind


def message(code: str, when: When) -> Message:
    """Give a record about a trade."""
    return Message(kind=Kind.REFUND, merchant_id="M", charge_code=code, value=b"", when=when)


def told(happening: str, code: str) -> Told:
    """Give an event about a trade."""
    content = Content(merchant_id="M", charge_code=code)
    return Told(ce_id="id", happening=happening, content=content, value=b"")


CREATED, ENDED = message("A", When.ONCE_CREATED), message("A", When.ONCE_ENDED)
OTHER, LAST = message("B", When.ONCE_ENDED), message("A", When.AT_LAST)
TRAFFIC = (CREATED, ENDED, OTHER, LAST)


def test_an_order_releases_what_waits_for_it() -> None:
    """And not what waits for its payment, or for another trade."""
    waiting = WaitingMessages(TRAFFIC)
    waiting.hear(told("trade.created", "A"))
    assert waiting.has_released
    assert waiting.released() == [CREATED]
    assert not waiting.has_released
    assert waiting.released() == []


def test_a_payment_releases_everything_of_its_trade_once() -> None:
    """A repeated event releases nothing again."""
    waiting = WaitingMessages(TRAFFIC)
    for _ in range(2):
        waiting.hear(told("trade.paid", "A"))
    assert waiting.released() == [CREATED, ENDED]


def test_an_unknown_payment_releases_nothing() -> None:
    """Nobody knows yet."""
    waiting = WaitingMessages(TRAFFIC)
    waiting.hear(told("trade.unknown", "A"))
    assert waiting.released() == []


def test_the_rest_is_what_nobody_released() -> None:
    """Of customers who went away; what is sent at last is not held here."""
    waiting = WaitingMessages(TRAFFIC)
    waiting.hear(told("trade.created", "A"))
    assert waiting.rest() == [CREATED, ENDED, OTHER]
    assert waiting.rest() == []
