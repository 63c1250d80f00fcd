"""What nobody told us is found: lost callbacks, payments nobody completed, charges that come too late."""

import json
import time
from typing import Any
import urllib.request

from tests.e2e.system import MERCHANT, System, barcode

from paybus.trades.operation import Kind

HOLD = {"fault": "hold", "operation": "pay"}
FORGET = {"fault": "cancel_forgotten", "operation": "cancel"}
AMOUNT = 15800
SOON = {"watch_first_seconds": 0.2, "barcode_grace_seconds": 0, "coherence_seconds": 1}
IMPATIENT = {"command_expiry_seconds": 1, "gateway_pay_seconds": 1}
"""A pay is unknown after a second, and too old to be sent after two."""


def _post(system: System, path: str, body: object = None) -> None:
    url = f"http://127.0.0.1:{system.port('sandbox')}/admin/{path}"
    data = json.dumps(body).encode() if body is not None else b""
    urllib.request.urlopen(urllib.request.Request(url, data, method="POST"), timeout=30).close()


def _events(system: System, code: str) -> list[str]:
    rows = system.query("SELECT ce_type FROM event WHERE charge_code = %s ORDER BY occurred_at, ce_id", code)
    return [row["ce_type"] for row in rows]


def _until_told(system: System, code: str, ce_type: str) -> None:
    system.until(lambda: ce_type in _events(system, code))


def _trade(system: System, code: str) -> dict[str, Any]:
    (row,) = system.query("SELECT * FROM trade WHERE charge_code = %s", code)
    return row


def _incoherent(system: System) -> list[str]:
    """Give the rules that the reconciler saw broken, once it has looked after everything was done."""
    url = f"http://127.0.0.1:{system.port('reconciler')}/metrics"
    begun = time.time()

    def lines() -> dict[str, float]:
        text = urllib.request.urlopen(url, timeout=30).read().decode()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("paybus_coherence_"))
        return {name: float(value) for name, value in pairs}

    system.until(lambda: lines()["paybus_coherence_timestamp_seconds"] > begun)
    return [name for name, value in lines().items() if "violations" in name and value]


def _order(code: str) -> dict[str, Any]:
    return {
        "merchant_id": MERCHANT, "charge_code": code, "method": "native", "amount_fen": AMOUNT,
        "subject": "Tea", "channel_type": 1,
    }  # fmt: skip


def test_a_lost_callback_is_found(system: System) -> None:
    """The customer has paid and no callback ever comes: trade.paid is published all the same."""
    system.start_sandbox()
    system.start("pay")
    system.start("notifier")
    system.start("reconciler", **SOON)
    system.send(Kind.PAY, [_order("N1"), _order("N2")])
    _until_told(system, "N1", "trade.created")
    _until_told(system, "N2", "trade.created")
    _post(system, f"orders/{MERCHANT}/N1/approve")
    _post(system, f"orders/{MERCHANT}/N2/decline")
    published = system.records(
        system.topics.trade_events, until=lambda seen: len({one.headers()[1] for one in seen}) >= 4
    )
    types = {(one.key().decode(), dict(one.headers())["ce_type"].decode()) for one in published}
    assert types == {
        ("N1", "trade.created"), ("N1", "trade.paid"), ("N2", "trade.created"), ("N2", "trade.closed"),
    }  # fmt: skip
    assert _trade(system, "N1")["paid_fen"] == AMOUNT


def test_an_unpaid_barcode_payment_is_cancelled(system: System) -> None:
    """The customer never confirms: one cancel is sent, the trade is revoked, and its pay comes to its end."""
    system.start_sandbox()
    _post(system, "faults", {"rules": [HOLD]})
    system.start("pay", **IMPATIENT)
    system.start("cancel")
    system.start("reconciler", **SOON)
    system.send(Kind.PAY, [barcode(1)])
    _until_told(system, "C00001", "trade.revoked")
    assert _events(system, "C00001") == ["trade.unknown", "trade.revoked"]
    assert system.effects("revocation") == {"C00001": 1}
    assert not system.effects("charge")
    system.await_answers(2)
    (cancel,) = system.query("SELECT * FROM operation WHERE kind = 'cancel'")
    assert (cancel["key"], cancel["automatic"], cancel["answer_id"]) == (
        "C00001", True, f"{MERCHANT}/C00001/2",
    )  # fmt: skip


def test_a_charge_after_the_cancel_is_refunded_once(system: System) -> None:
    """The gateway forgets the cancel and charges the customer: one discrepancy, and his money goes back once.

    The refund service is killed and comes back, and two reconcilers look at the same time.
    """
    system.start_sandbox(latency_ms=200)
    _post(system, "faults", {"rules": [HOLD, FORGET]})
    system.start("pay", **IMPATIENT)
    system.start("cancel")
    system.start("reconciler", **SOON)
    system.start("another", "reconciler", **SOON)
    system.send(Kind.PAY, [barcode(1, amount_fen=AMOUNT)])
    _until_told(system, "C00001", "trade.revoked")
    _post(system, f"orders/{MERCHANT}/C00001/approve")
    system.start("refund")
    system.until(lambda: bool(system.query("SELECT FROM operation WHERE kind = 'refund'")))
    system.kill("refund")
    system.start("refund")
    _until_told(system, "C00001", "refund.succeeded")
    events = ["trade.unknown", "trade.revoked", "trade.discrepancy", "refund.succeeded"]
    assert [one for one in _events(system, "C00001") if one != "refund.unknown"] == events
    assert system.effects("charge") == {"C00001": 1}
    assert system.effects("refund") == {"auto-C00001": 1}
    assert _incoherent(system) == []
    trade = _trade(system, "C00001")
    assert (trade["state"], trade["paid_fen"], trade["refunded_fen"], trade["reserved_fen"]) == (
        "revoked", AMOUNT, AMOUNT, 0,
    )  # fmt: skip
