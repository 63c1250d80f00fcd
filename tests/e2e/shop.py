"""A shop that asks for pays, refunds and cancels while something goes wrong, and adds up at the end."""

from collections import Counter

from tests.e2e.judge import assert_coherent
from tests.e2e.system import MERCHANT, System, barcode, cancel, refund

from paybus.trades.operation import Kind

PATIENT = {"command_expiry_seconds": 3600, "in_flight": 20}
"""No customer goes away while a fault lasts; few calls at once, so that it meets some under way."""

WORKERS = ("pay", "refund", "cancel")
ALL = ("notifier", *WORKERS)

ORDER = {
    "merchant_id": MERCHANT, "charge_code": "N1", "method": "native", "amount_fen": 1000,
    "subject": "Tea", "channel_type": 1,
}  # fmt: skip


class Shop:
    """Asks in portions, and remembers how much it has asked for."""

    def __init__(self, system: System) -> None:
        self.asked: Counter[Kind] = Counter()
        self._system = system
        self._first = 0  # the number of the next pay
        self._late = 0

    def open(self, *, latency_ms: int = 50, **settings: object) -> None:
        """Start the gateway, which takes so long for a call, and every service."""
        self._system.start_sandbox(latency_ms=latency_ms, callback_interval_seconds=0.5)
        self.start_services(**settings)

    def start_services(self, **settings: object) -> None:
        """Start every service for a gateway that is there; returns when each of them has started."""
        for service in ALL:
            self._system.start(service, **PATIENT | settings)
            if service == "notifier":
                settings["notify_base_url"] = self._system.address(service)
        for service in ALL:
            self._system.port(service)

    def show_a_code(self) -> None:
        """Have an order made which its customer may pay at any time; the gateway then calls back."""
        self._system.send(Kind.PAY, [ORDER])
        self.asked[Kind.PAY] += 1
        self._system.until(lambda: self._system.count("trade WHERE charge_code = 'N1' AND version = 1") == 1)

    def let_customer_pay(self) -> None:
        """Let the customer pay the order that was shown to him."""
        self._system.post("sandbox", f"/admin/orders/{MERCHANT}/{ORDER['charge_code']}/approve")

    @property
    def callback_answers(self) -> list[int | None]:
        """What each callback about that order was answered with."""
        return [
            one["status"] for one in self._system.get("sandbox", "/admin/books?parts=callbacks")["callbacks"]
        ]

    def ask(self, count: int) -> None:
        """Ask for *count* new pays; that every fourth be refunded, and the one after it be cancelled."""
        first, self._first = self._first, self._first + count
        numbers = range(first, first + count)
        pays = [barcode(number, amount_fen=1000) for number in numbers]
        refunds = [refund(f"C{number:05}", number, 400) for number in numbers[::4]]
        cancels = [cancel(f"C{number:05}") for number in numbers[1::4]]
        for kind, commands in {Kind.PAY: pays, Kind.REFUND: refunds, Kind.CANCEL: cancels}.items():
            self._system.send(kind, commands)
            self.asked[kind] += len(commands)

    def ask_too_late(self) -> None:
        """Ask for a pay that expired long ago."""
        self._system.send(
            Kind.PAY, [{**barcode(self._late, code="LATE"), "expires_at": "2026-01-02T03:04:05Z"}]
        )
        self._late += 1

    def close(self) -> None:
        """Wait for every answer, and hold all that was announced against the gateway's books.

        Nothing that was asked for is left in Kafka, and what came too late was not sent.
        """
        self._system.await_answers(self.asked.total() + self._late)
        for kind, count in (self.asked + Counter({Kind.PAY: self._late})).items():
            self._system.until(lambda kind=kind, count=count: self._system.committed(kind) == count)
        trades = assert_coherent(self._system)
        states = Counter(events[-1].value["state"] for events in trades.values())
        refunds, cancels = self.asked[Kind.REFUND], self.asked[Kind.CANCEL]
        assert (states["partially_refunded"], states["revoked"]) == (refunds, cancels)
        assert not any(code.startswith("LATE") for code in self._system.effects("charge"))
        assert states["paid"] == self.asked[Kind.PAY] - refunds - cancels
