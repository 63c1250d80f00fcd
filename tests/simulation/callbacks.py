"""The gateway's callbacks: signed, sent until they are answered, and everything that goes wrong with them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.simulation.chance import Chance
from tests.simulation.house import Place
from tests.simulation.loop import VirtualLoop
from tests.simulation.surroundings import OURS

from paybus.gateway.callback import OutgoingCallback, write_callback
from paybus.sandbox.notice import describe
from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState

if TYPE_CHECKING:
    from tests.simulation.gateway import SimulatedGateway

ATTEMPTS = 6
AGAIN_SECONDS = 5.0
_FORGED_KEY = "0" * 32


class Postman:
    """Brings callbacks to whichever notifier is there."""

    def __init__(
        self, loop: VirtualLoop, chance: Chance, notifiers: Sequence[Place], note: Callable[[str], None]
    ) -> None:
        self.gateway: SimulatedGateway  # it is built after us: each knows the other
        self._loop = loop
        self._chance = chance
        self._notifiers = notifiers
        self._note = note

    def notify(self, order: Order) -> None:
        """Tell of a payment, if nothing comes in between."""
        chance, fault = self._chance, self._chance.callback_fault()
        if fault == "lost" or (order.wish.scanned and chance.random.random() < 0.6):
            return
        after = chance.seconds(5.0, 40.0) if fault == "late" else chance.seconds(0.0, 1.0)
        genuine = self._write(describe(order))
        if fault == "wrong_amount":
            genuine = self._write(describe(order, amount_fen=order.wish.amount_fen + 1))
        self._later(after, genuine)
        if fault == "duplicate":
            self._later(after + 2.0, self._write(describe(order)))
        elif fault == "forged":
            more = describe(order, amount_fen=order.wish.amount_fen * 100)
            self._later(0.0, self._write(more, key=_FORGED_KEY), attempts=1)
        elif fault == "out_of_order":
            self._later(after + 2.0, self._write(describe(order, state=OrderState.PENDING)))

    def _write(self, members: dict[str, Any], key: str = OURS.key) -> OutgoingCallback:
        milliseconds = int(self._loop.time() * 1000) + 1_767_225_600_000
        return write_callback(
            members, notify_url="http://127.0.0.1/callbacks/1", key=key, timestamp_ms=milliseconds
        )

    def _later(self, seconds: float, callback: OutgoingCallback, attempts: int = ATTEMPTS) -> None:
        self.gateway.later(seconds, lambda: self._bring(callback, attempts))

    def _bring(self, callback: OutgoingCallback, attempts: int) -> None:
        place = self._chance.random.choice(list(self._notifiers))
        answers: list[int] = []
        if not place.process.dead and place.service is not None and place.service.store is not None:
            query = callback.url.partition("?")[2]
            hearing = self._loop.create_task(
                place.service.hear(callback.body, query), context=place.context.copy()
            )
            hearing.add_done_callback(lambda task: task.cancelled() or answers.append(task.result()))
        self.gateway.later(AGAIN_SECONDS, lambda: self._look(callback, attempts, answers))

    def _look(self, callback: OutgoingCallback, attempts: int, answers: list[int]) -> None:
        self._note(f"callback answered {answers}")
        if answers != [200] and attempts > 1:
            self._bring(callback, attempts - 1)
