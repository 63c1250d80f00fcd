"""What is tried: one seam, who is struck there, and the commands that are under way meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any, Final

from paybus.cli.proof.day import SILENT, USUAL
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.script import barcode_pay, order_pay, part_refund
from paybus.contracts.command import CancelCommand
from paybus.telemetry.seam import Blow, Seam
from paybus.trades.operation import Kind

TRADES: Final = 12
"""In one round: enough that the seam is reached in the middle of work, few enough for forty rounds."""

_AMOUNT_FEN: Final = 10_000


@unique
class Manner(StrEnum):
    """How a victim is brought to its end."""

    SEAM = "seam"
    """It kills itself when it reaches the seam."""
    UNREAD = "charged_unread"
    """It is frozen while its call is at the gateway, and killed when the gateway has done what it asks."""
    FROZEN = "frozen_beyond_lease"
    """It is frozen with more to send, and let go on when others have done what it held: it must end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One try. `count` is how often the seam is reached before it strikes."""

    number: int
    manner: Manner
    victims: tuple[str, ...]
    seam: Seam
    count: int = 1
    faults: Mapping[str, Any] = field(default_factory=lambda: USUAL)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the victims, besides the seam."""

    @property
    def title(self) -> str:
        """What the table calls it."""
        name = self.seam if self.manner is Manner.SEAM else self.manner
        return f"{name.value} {self.count}"

    @property
    def prefix(self) -> str:
        """How the charge codes of this round begin."""
        return f"P{self.number:02}-"

    @property
    def arming(self) -> Mapping[str, str]:
        """The settings with which a victim starts."""
        blow = Blow.KILL if self.manner is Manner.SEAM else Blow.FREEZE
        return {**self.settings, "PAYBUS_SEAM": f"{self.seam}:{self.count}:{blow}"}


_WORKERS: Final = tuple(kind.value for kind in Kind)
_GUARDED: Final = (Kind.REFUND.value, Kind.CANCEL.value)
_ASKING: Final = (*_WORKERS, "reconciler")
_NOTIFIER: Final = ("notifier",)
_VICTIMS: Final[Mapping[Seam, tuple[str, ...]]] = MappingProxyType(
    {
        Seam.START_COMMITTED: _GUARDED,
        Seam.INQUIRY_SENT: _ASKING,
        Seam.INQUIRY_READ: _ASKING,
        Seam.INQUIRY_NOT_COMMITTED: _ASKING,
        Seam.INQUIRY_COMMITTED: _ASKING,
        Seam.EVENT_UNACKNOWLEDGED: _NOTIFIER,
        Seam.EVENT_UNMARKED: _NOTIFIER,
        Seam.CALLBACK_READ: _NOTIFIER,
        Seam.CALLBACK_WRITTEN: _NOTIFIER,
        Seam.CALLBACK_STORED: _NOTIFIER,
        Seam.CALLBACK_ANSWERED: _NOTIFIER,
    }
)
"""Who passes a seam, if not the three workers."""

_ONCE: Final = (1,)
_TWICE: Final = (1, 3)
_COUNTS: Final[Mapping[Seam, tuple[int, ...]]] = MappingProxyType(
    {
        # Passed once a batch, and a round's commands, outcomes or callbacks may come as one batch.
        Seam.RECORD_FETCHED: _ONCE,
        Seam.ACCEPT_NOT_COMMITTED: _ONCE,
        Seam.ACCEPT_COMMITTED: _ONCE,
        Seam.OFFSET_COMMITTED: _ONCE,
        Seam.SETTLE_WRITTEN: _ONCE,
        Seam.CALLBACK_WRITTEN: _ONCE,
        Seam.CALLBACK_READ: (1, 2),
        Seam.CALLBACK_STORED: (1, 2),
        Seam.CALLBACK_ANSWERED: (1, 2),
    }
)


def counts_of(seam: Seam) -> tuple[int, ...]:
    """Give at which of its passings a seam is tried: the first, and one in the middle of work."""
    return _COUNTS.get(seam, _TWICE)


def victims_of(seam: Seam) -> tuple[str, ...]:
    """Give the services that pass a seam."""
    return _VICTIMS.get(seam, _WORKERS)


def rounds() -> Iterator[Round]:
    """Give every round: each seam at its first passing and in the middle of work, and the frozen ones."""
    passings = [(seam, count) for seam in Seam for count in counts_of(seam)]
    for number, (seam, count) in enumerate(passings):
        victims = victims_of(seam)
        faults = SILENT if victims == _ASKING else USUAL
        yield Round(number=number, manner=Manner.SEAM, victims=victims, seam=seam, count=count, faults=faults)
    yield Round(number=90, manner=Manner.UNREAD, victims=_WORKERS, seam=Seam.REQUEST_SENT)
    yield Round(
        number=91,
        manner=Manner.FROZEN,
        victims=_WORKERS,
        seam=Seam.REQUEST_SENT,
        count=3,
        settings={"PAYBUS_IN_FLIGHT": "2"},  # so that others wait in its hands while two are at the gateway
    )


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
