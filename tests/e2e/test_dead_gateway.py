"""The gateway is dead while commands arrive, and comes back: no storm, no loss, nothing twice."""

import json
import socket
from typing import Any

from tests.e2e.system import MERCHANT, System, barcode

from paybus.trades.operation import Kind

COMMANDS = 1000
IN_FLIGHT = 10
BATCH = 50
MAX_OPEN = 100
FAILURES = 10  # by default, before a gateway is left alone
PATIENT = {"command_expiry_seconds": 3600, "in_flight": IN_FLIGHT, "max_open": MAX_OPEN}
DEAD = {"outages": [{"after_seconds": 0, "for_seconds": 3600, "reset": True}]}


def test_a_gateway_that_comes_back_meets_no_storm(system: System) -> None:
    """Nobody listens for some probes: few calls are tried, Kafka keeps the backlog; then all is paid."""
    port = _free_port()
    system.start_sandbox(port=port)
    system.port("sandbox")
    system.kill("sandbox")
    system.start("pay", batch_records=BATCH, **PATIENT).await_log("service.started")
    system.send(Kind.PAY, map(barcode, range(COMMANDS)))
    system.process("pay").await_log("breaker.opened")
    _calls(system, at_least=FAILURES + 3)
    committed = system.committed(Kind.PAY)
    assert committed <= system.count("operation") < MAX_OPEN + BATCH
    system.start_sandbox(port=port)
    system.await_answers(COMMANDS)
    charges = system.effects("charge")
    assert (len(charges), max(charges.values())) == (COMMANDS, 1)
    failed = [call for call in _calls(system, at_least=COMMANDS) if call.get("error")]
    # Those that knew no better, and a handful of probes in pauses that grow.
    assert FAILURES <= len(failed) <= FAILURES + IN_FLIGHT + 10
    assert system.process("pay").log.count("breaker.opened") == 1
    assert system.committed(Kind.PAY) == COMMANDS


def test_callbacks_are_heard_while_nothing_can_be_sent_or_asked(system: System) -> None:
    """Charges and inquiries are broken, and a customer pays what he was shown before: it is announced."""
    system.start_sandbox()
    system.start("notifier")
    notify_base_url = system.address("notifier")
    pay = system.start("pay", notify_base_url=notify_base_url, **PATIENT)
    system.send(Kind.PAY, [{**barcode(0), "charge_code": "N1", "method": "native", "channel_type": 1}])
    system.await_answers(1)
    system.post("sandbox", "/admin/faults", DEAD)
    system.send(Kind.PAY, map(barcode, range(1, 41)))
    pay.await_log('"traffic":"charges"')
    pay.await_log('"traffic":"inquiries"')
    system.post("sandbox", f"/admin/orders/{MERCHANT}/N1/approve")
    system.until(lambda: system.count("trade WHERE charge_code = 'N1' AND state = 'paid'") == 1)
    assert system.effects("charge") == {"N1": 1}
    assert "breaker.closed" not in pay.log
    system.post("sandbox", "/admin/faults", {})
    system.await_answers(41)
    charges = system.effects("charge")
    assert (len(charges), max(charges.values())) == (41, 1)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _calls(system: System, *, at_least: int) -> list[dict[str, Any]]:
    records = system.records(system.topics.gateway_calls, until=lambda seen: len(seen) >= at_least)
    return [json.loads(record.value() or b"") for record in records]
