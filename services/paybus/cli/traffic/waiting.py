"""Messages that wait for what becomes of their trades."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from paybus.cli.reconciliation.evidence import Told
from paybus.cli.traffic.message import Message, When
from paybus.trades.happening import Happening

_ENDED: Final = (When.ONCE_CREATED, When.ONCE_ENDED)
_RELEASES: Final[Mapping[str, tuple[When, ...]]] = MappingProxyType(
    {
        Happening.TRADE_CREATED: (When.ONCE_CREATED,),
        Happening.TRADE_PAID: _ENDED,
        Happening.TRADE_DECLINED: _ENDED,
        Happening.TRADE_CLOSED: _ENDED,
        Happening.TRADE_REVOKED: _ENDED,
    }
)


class WaitingMessages:
    """Holds back the messages of *traffic* that wait; others are somebody else's business."""

    def __init__(self, traffic: Sequence[Message]) -> None:
        self._held: dict[tuple[str, str, When], list[Message]] = {}
        self._released: list[Message] = []
        for message in traffic:
            if message.when in _ENDED:
                place = (message.merchant_id, message.charge_code, message.when)
                self._held.setdefault(place, []).append(message)

    def hear(self, told: Told) -> None:
        """Release what waited for this event."""
        for when in _RELEASES.get(told.happening, ()):
            self._released += self._held.pop((*told.place, when), [])

    @property
    def has_released(self) -> bool:
        """Whether `released` would give something."""
        return bool(self._released)

    def released(self) -> list[Message]:
        """Give what was released since the last time."""
        released, self._released = self._released, []
        return released

    def rest(self) -> list[Message]:
        """Give everything that is still here: some customers go away, and no event tells of that."""
        rest = self.released() + [message for held in self._held.values() for message in held]
        self._held.clear()
        return rest
