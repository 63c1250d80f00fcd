"""Everything at once, and at the end every event is held against the gateway's books."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.e2e.judge import assert_coherent
from tests.e2e.system import MERCHANT, System, barcode, cancel, refund

from paybus.trades.operation import Kind

PAYS, ORDERS, REFUNDS, CANCELS = 400, 60, 150, 80


def _repeated(commands: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Send every third command a second time, some commands later."""
    waiting: list[dict[str, Any]] = []
    for number, command in enumerate(commands):
        yield command
        if number % 3 == 0:
            waiting.append(command)
        if len(waiting) > 10:
            yield waiting.pop(0)
    yield from waiting


def _order(number: int) -> dict[str, Any]:
    return {
        "merchant_id": MERCHANT,
        "charge_code": f"N{number:05}",
        "method": "native",
        "amount_fen": 500 + number,
        "subject": "Tea",
        "channel_type": 1,
    }


def test_lost_answers_and_repeated_commands(system: System) -> None:
    """3 in 100 answers are lost, and a third of all commands comes twice: no call and no effect does.

    Refunds and cancels come while their pays are made; orders are paid by their customers, and told by
    callbacks, some of which come twice.
    """
    system.start_sandbox(
        latency_ms=20,
        lost_answer_rate=0.03,
        customer_pays_after_seconds=0.2,
        duplicate_callback_rate=0.2,
        seed=7,
    )
    system.start("notifier")
    for service in ("pay", "refund", "cancel"):
        system.start(service, notify_base_url=system.address("notifier"))
    orders = [_order(number) for number in range(ORDERS)]
    pays = [barcode(number, amount_fen=1000 + number) for number in range(PAYS)]
    codes = [pay["charge_code"] for pay in pays]
    system.send(Kind.PAY, _repeated([*orders, *pays]))
    system.send(Kind.REFUND, _repeated(refund(codes[n], n, 100 + n) for n in range(REFUNDS)))
    system.send(Kind.CANCEL, _repeated(map(cancel, codes[-CANCELS:])))
    system.await_answers(PAYS + ORDERS + REFUNDS + CANCELS)
    system.until(
        lambda: system.count("trade WHERE starts_with(charge_code, 'N') AND state = 'paid'") == ORDERS
    )
    assert system.count("event WHERE ce_type = 'trade.unknown'") > 0, "no answer was lost"
    trades = assert_coherent(system)
    assert len(trades) == PAYS + ORDERS
    last = {code: events[-1].value["state"] for code, events in trades.items()}
    assert sorted(code for code, state in last.items() if state == "revoked") == codes[-CANCELS:]
    assert sum(state == "partially_refunded" for state in last.values()) == REFUNDS
    assert system.stop() == dict.fromkeys(["cancel", "refund", "pay", "notifier", "sandbox"], 0)
