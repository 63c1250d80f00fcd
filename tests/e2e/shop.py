"""A shop that asks for pays, refunds and cancels while something goes wrong, and adds up at the end."""

from collections import Counter

from tests.e2e.judge import assert_coherent
from tests.e2e.system import System, barcode, cancel, refund

from paybus.trades.operation import Kind

PATIENT = {"command_expiry_seconds": 3600, "in_flight": 20}
"""No customer goes away while a fault lasts; few calls at once, so that it meets some under way."""

WORKERS = ("pay", "refund", "cancel")
ALL = ("notifier", *WORKERS)


class Shop:
    """Asks in portions, and remembers how much it has asked for."""

    def __init__(self, system: System) -> None:
        self.asked: Counter[Kind] = Counter()
        self._system = system

    def open(self, *services: str, **settings: object) -> None:
        """Start the gateway, which takes 50 ms for a call, and *services* (all, if none is named)."""
        self._system.start_sandbox(latency_ms=50, callback_interval_seconds=0.5)
        for service in services or ALL:
            self._system.start(service, **PATIENT | settings)

    def ask(self, count: int) -> None:
        """Ask for *count* new pays; that every fourth be refunded, and the one after it be cancelled."""
        first = self.asked[Kind.PAY]
        numbers = range(first, first + count)
        pays = [barcode(number, amount_fen=1000) for number in numbers]
        refunds = [refund(f"C{number:05}", number, 400) for number in numbers[::4]]
        cancels = [cancel(f"C{number:05}") for number in numbers[1::4]]
        for kind, commands in {Kind.PAY: pays, Kind.REFUND: refunds, Kind.CANCEL: cancels}.items():
            self._system.send(kind, commands)
            self.asked[kind] += len(commands)

    def close(self) -> None:
        """Wait for every answer, and hold all that was announced against the gateway's books.

        Nothing that was asked for is left in Kafka.
        """
        self._system.await_answers(self.asked.total())
        for kind, count in self.asked.items():
            self._system.until(lambda kind=kind, count=count: self._system.committed(kind) == count)
        trades = assert_coherent(self._system)
        last = Counter(events[-1].value["state"] for events in trades.values())
        paid = self.asked[Kind.PAY] - self.asked[Kind.REFUND] - self.asked[Kind.CANCEL]
        assert last == Counter(
            paid=paid, partially_refunded=self.asked[Kind.REFUND], revoked=self.asked[Kind.CANCEL]
        )
