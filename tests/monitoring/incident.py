"""A small shop in a minute: payments, refunds, callbacks, bad records, and a gateway that goes away."""

from collections import Counter
from collections.abc import Mapping
import socket
from typing import Any

from tests.e2e.system import System, barcode, cancel, refund

from paybus.trades.operation import Kind
from paybus.trades.return_code import RETURN_CODES

PAYS, DECLINES, REFUNDS, CANCELS, COPIES, DOUBTS, LATER = 40, 5, 10, 5, 7, 30, 10
CALLBACKS = {
    "GOOD": 8,
    "FAULT-CALLBACK_DUPLICATE": 3,
    "FAULT-CALLBACK_FORGED": 2,
    "FAULT-CALLBACK_WRONG_AMOUNT": 1,
}
"""Orders that a customer pays, by what is wrong with the callback about them."""
SERVICES = ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
SETTINGS = {
    "command_expiry_seconds": 3600,
    "breaker_failures": 25,  # so many are in doubt before the gateway is left alone
    "breaker_longest_seconds": 12,  # figures stand still for longer than the exporter looks away
    "watch_first_seconds": 3600,
}
_OUTAGE = {"outages": [{"after_seconds": 0, "for_seconds": 3600, "reset": False}]}
_NO_CODE, _OTHER = "none", "other"


class Incident:
    """Each method plays one act and returns when the system has taken it in."""

    def __init__(self, system: System) -> None:
        self.system = system
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._notifier_port = free.getsockname()[1]
        self._base_url = f"http://127.0.0.1:{self._notifier_port}"
        self._expected_answers = 0
        self._sold: list[dict[str, Any]] = []

    def open(self) -> dict[str, str]:
        """Start everything but the notifier; give each service's address, the notifier's to be among them."""
        self.system.start_sandbox(customer_pays_after_seconds=0.5)
        self.system.port("sandbox")
        others = [name for name in SERVICES if name != "notifier"]
        for name in others:
            self.system.start(name, notify_base_url=self._base_url, **SETTINGS)
        addresses = {name: self.system.address(name) for name in others}
        for name in others:
            self.system.until(lambda name=name: self.system.is_ready(name))  # type: ignore[misc]
        return addresses | {"notifier": self._base_url}

    def sell(self) -> None:
        """Take payments, of which some are declined; nobody takes the events yet."""
        declined = [{**barcode(100 + n), "charge_code": f"FAULT-DECLINE-{n}"} for n in range(DECLINES)]
        self._send(Kind.PAY, [*map(barcode, range(PAYS)), *declined])

    def relay(self) -> None:
        """Start the notifier."""
        self.system.start("notifier", http_port=self._notifier_port, notify_base_url=self._base_url)
        self.system.until(lambda: self.system.is_ready("notifier"))

    def give_back(self) -> None:
        """Refund and cancel; one refund is above what was paid."""
        self._send(Kind.REFUND, [refund(barcode(n)["charge_code"], n, 10) for n in range(REFUNDS)])
        self._send(Kind.REFUND, [refund(barcode(PAYS - 1)["charge_code"], 900, 9_999_999)])
        self._send(Kind.CANCEL, [cancel(barcode(n)["charge_code"]) for n in range(20, 20 + CANCELS)])

    def call_back(self) -> None:
        """Show codes to customers, who pay; return when the gateway has called back about all of them."""
        codes = [f"{what}-{number}" for what, most in CALLBACKS.items() for number in range(most)]
        orders = [{**barcode(n), "method": "native", "channel_type": 1} for n in range(len(codes))]
        named = [order | {"charge_code": code} for order, code in zip(orders, codes, strict=True)]
        self._send(Kind.PAY, named)
        twice = sum(most for what, most in CALLBACKS.items() if what.endswith(("DUPLICATE", "FORGED")))
        self.system.until(lambda: len(self.callbacks()) >= len(codes) + twice)

    def blunder(self) -> None:
        """Send commands again, and what can be no command."""
        self.system.send(Kind.PAY, map(barcode, range(COPIES)))
        bad: list[tuple[bytes | None, bytes | None]] = [(b"A", b"{"), (b"B", b"\xff"), (b"C", None)]
        self.system.send_raw(self.system.topics.commands(Kind.PAY), bad)

    def go_dark(self) -> None:
        """Let the gateway refuse everything, unanswered, and go on selling until it is left alone."""
        self.system.post("sandbox", "/admin/faults", _OUTAGE)
        self._send(Kind.PAY, [barcode(n) for n in range(200, 200 + DOUBTS)], wait=False)
        self.system.process("pay").await_log("breaker.opened")
        self._send(Kind.PAY, [barcode(n) for n in range(300, 300 + LATER)], wait=False)

    def recover(self) -> None:
        """Let the gateway answer again; return when all is answered."""
        self.system.post("sandbox", "/admin/faults", {})
        self.system.await_answers(self._expected_answers)

    def books(self) -> dict[str, Any]:
        """Give the gateway's books."""
        books: dict[str, Any] = self.system.get("sandbox", "/admin/books")
        return books

    def callbacks(self) -> list[dict[str, Any]]:
        """Give the gateway's attempts to call back that were answered."""
        return [one for one in self.books()["callbacks"] if one["status"] is not None]

    def doubtful(self) -> set[str]:
        """Give the charge codes of which the gateway's answer was lost in the outage."""
        return {one["charge_code"] for one in self.books()["calls"] if one["fault"] == "error_before"}

    def doubtful_fen(self) -> float:
        """Add up their amounts, as they were asked for."""
        asked = {one["charge_code"]: one["amount_fen"] for one in self._sold if "method" in one}
        return float(sum(asked[code] for code in self.doubtful()))

    def _send(self, kind: Kind, commands: list[dict[str, Any]], *, wait: bool = True) -> None:
        self.system.send(kind, commands)
        self._expected_answers += len(commands)
        self._sold += commands
        if wait:
            self.system.await_answers(self._expected_answers)


def codes_in(books: Mapping[str, Any]) -> dict[str, float]:
    """Count the attempts that may move money by operation and the return code that we were able to read."""
    return dict(Counter(f"{one['operation']} {_code(one)}" for one in books["calls"]))


def verdicts_in(books: Mapping[str, Any]) -> dict[str, float]:
    """Count the attempts at pay by what the reviewed table makes of their return codes."""
    codes = [_code(one) for one in books["calls"] if one["operation"] == "pay"]
    table = {code: meanings[Kind.PAY].verdict.value for code, meanings in RETURN_CODES.items()}
    return dict(Counter(table.get(code, "unknown") for code in codes))


def _code(call: Mapping[str, Any]) -> str:
    if call["fault"] is None:
        code = call["answer_code"]
        return code if code in RETURN_CODES else _OTHER
    return _NO_CODE
