"""What is tried: one seam, who dies there, and the commands that are under way meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.script import barcode_pay, order_pay, part_refund
from paybus.contracts.command import CancelCommand
from paybus.telemetry.seam import Seam
from paybus.trades.operation import Kind

TRADES: Final = 12
"""In one round: enough that the seam is reached in the middle of work, few enough for forty rounds."""

_AMOUNT_FEN: Final = 10_000
_EVERYBODY: Final = tuple(kind.value for kind in Kind)
_GUARDED: Final = (Kind.REFUND.value, Kind.CANCEL.value)
_ASKED: Final = (Kind.PAY.value, Kind.REFUND.value)  # a round has too few cancels to be sure of a lost answer
_NOTIFIER: Final = ("notifier",)


@unique
class Manner(StrEnum):
    """How a victim is brought to its end."""

    SEAM = "seam"
    """It kills itself when it reaches the seam."""
    UNREAD = "charged_unread"
    """It is frozen while calls are at the gateway, and killed when the gateway has done what they ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One try. `count` is how often the seam is reached before it strikes."""

    number: int
    manner: Manner
    victims: tuple[str, ...]
    seam: Seam | None = None
    count: int = 1

    @property
    def name(self) -> str:
        """What the table calls it."""
        return self.manner.value if self.seam is None else self.seam.value

    @property
    def prefix(self) -> str:
        """How the charge codes of this round begin."""
        return f"P{self.number:02}-"


_VICTIMS: Final[dict[Seam, tuple[str, ...]]] = {
    Seam.START_COMMITTED: _GUARDED,
    Seam.INQUIRY_READ: _ASKED,
    Seam.EVENT_UNACKNOWLEDGED: _NOTIFIER,
    Seam.EVENT_UNMARKED: _NOTIFIER,
    Seam.CALLBACK_READ: _NOTIFIER,
    Seam.CALLBACK_STORED: _NOTIFIER,
    Seam.CALLBACK_ANSWERED: _NOTIFIER,
}


_ONCE: Final = (1,)
_COUNTS: Final[dict[Seam, tuple[int, ...]]] = {
    # Passed once a batch, and a round's commands may come as one batch.
    Seam.RECORD_FETCHED: _ONCE,
    Seam.ACCEPT_NOT_COMMITTED: _ONCE,
    Seam.ACCEPT_COMMITTED: _ONCE,
    Seam.OFFSET_COMMITTED: _ONCE,
    Seam.CALLBACK_READ: (1, 2),
    Seam.CALLBACK_STORED: (1, 2),
    Seam.CALLBACK_ANSWERED: (1, 2),
}
_TWICE: Final = (1, 3)


def counts_of(seam: Seam) -> tuple[int, ...]:
    """Give at which of its passings a seam is tried: the first, and one in the middle of work."""
    return _COUNTS.get(seam, _TWICE)


def rounds() -> Iterator[Round]:
    """Give every round: each seam at its first passing and in the middle of work, and the frozen one."""
    number = 0
    for seam in Seam:
        for count in counts_of(seam):
            victims = _VICTIMS.get(seam, _EVERYBODY)
            yield Round(number=number, manner=Manner.SEAM, victims=victims, seam=seam, count=count)
            number += 1
    yield Round(number=number, manner=Manner.UNREAD, victims=_EVERYBODY)


def traffic_of(one: Round, merchant_ids: tuple[str, ...]) -> list[Message]:
    """Give the commands of a round: scanned and shown codes, refunds in parts, cancels, and repeats."""
    messages: list[Message] = []
    for number in range(TRADES):
        merchant_id = merchant_ids[number % len(merchant_ids)]
        code = f"{one.prefix}{number:03}"
        make = order_pay if number % 4 == 3 else barcode_pay
        pay = make(merchant_id, code, _AMOUNT_FEN)
        messages.append(Message.of(pay))
        if number % 3 == 2:
            cancel = CancelCommand(merchant_id=merchant_id, charge_code=code)
            messages.append(Message.of(cancel, When.ONCE_ENDED))
        else:
            parts = (Message.of(part_refund(pay, part, _AMOUNT_FEN // 4), When.ONCE_ENDED) for part in (1, 2))
            messages += parts
    return [*messages, *(message.again(message.when) for message in messages[::5])]
