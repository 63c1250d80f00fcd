"""Workers die in the middle of their work; others, or their successors, go on without charging twice."""

import signal

from tests.e2e.system import System, barcode, cancel, refund

from paybus.trades.operation import Kind

COMMANDS = 1000


def test_a_killed_pay_worker_charges_nobody_twice(system: System) -> None:
    """Killed with -9 in the middle of 1 000 commands and started again: each charged once and answered."""
    system.start_sandbox(latency_ms=50)
    system.start("pay", in_flight=50)
    codes = [barcode(number)["charge_code"] for number in range(COMMANDS)]
    system.send(Kind.PAY, (barcode(number) for number in range(COMMANDS)))
    system.await_answers(COMMANDS // 3)
    system.kill("pay")
    system.start("pay", in_flight=50)
    system.await_answers(COMMANDS)
    charges = system.effects("charge")
    assert set(charges) == set(codes)
    assert max(charges.values()) == 1
    paid = system.query("SELECT charge_code FROM event WHERE ce_type = 'trade.paid'")
    assert sorted(row["charge_code"] for row in paid) == sorted(codes)


def test_killed_refund_and_cancel_workers_move_nothing_twice(system: System) -> None:
    """Both killed with -9 in the middle of their work: every refund and cancel is made once, and answered."""
    count = 150
    system.start_sandbox()
    system.start("pay")
    system.send(Kind.PAY, (barcode(number, amount_fen=1000) for number in range(2 * count)))
    codes = [barcode(number)["charge_code"] for number in range(2 * count)]
    system.await_answers(2 * count)
    system.post("sandbox", "/admin/faults", {"latency_ms": 50})
    for service in ("refund", "cancel"):
        system.start(service, in_flight=5)
    system.send(Kind.REFUND, (refund(code, number, 400) for number, code in enumerate(codes[:count])))
    system.send(Kind.CANCEL, map(cancel, codes[count:]))
    system.until(lambda: min(_answered(system, kind) for kind in ("refund", "cancel")) > count // 5)
    system.kill("refund")
    system.kill("cancel")
    assert max(_answered(system, kind) for kind in ("refund", "cancel")) < count
    system.start("refund")
    system.start("cancel")
    system.await_answers(4 * count)
    refunds, revocations = system.effects("refund"), system.effects("revocation")
    assert (len(refunds), max(refunds.values())) == (count, 1)
    assert (sorted(revocations), max(revocations.values())) == (codes[count:], 1)
    assert system.count("trade WHERE refunded_fen = 400 AND reserved_fen = 0 AND NOT cancelling") == count
    assert system.count("trade WHERE state = 'revoked' AND NOT cancelling") == count


def test_a_stopped_worker_leaves_nothing_behind(system: System) -> None:
    """SIGTERM under load: what is at the gateway is answered, the rest is given back, and the code is 0."""
    system.start_sandbox(latency_ms=200)
    worker = system.start("pay", in_flight=10)
    system.send(Kind.PAY, (barcode(number) for number in range(100)))
    system.await_answers(10)
    assert worker.stop() == 0
    system.forget("pay")
    assert system.count("operation WHERE owner IS NOT NULL") == 0
    assert system.answered == system.effects("charge").total() < 100
    system.start("pay")
    system.await_answers(100)
    charges = system.effects("charge")
    assert (len(charges), max(charges.values())) == (100, 1)


def test_a_frozen_worker_comes_back_to_nothing(system: System) -> None:
    """Stopped for longer than its lease, while another takes over, a worker sends nothing when it wakes."""
    system.start_sandbox(latency_ms=200)
    frozen = system.start("frozen", "pay", in_flight=5)
    system.send(Kind.PAY, (barcode(number) for number in range(100)))
    system.await_answers(10)
    frozen.send(signal.SIGSTOP)
    system.start("other", "pay", in_flight=100)
    system.until(
        lambda: system.query("SELECT count(*) AS n FROM worker WHERE dead_at IS NOT NULL")[0]["n"] == 1
    )
    frozen.send(signal.SIGCONT)
    assert frozen.await_end() == 1
    system.forget("frozen")
    system.await_answers(100)
    charges = system.effects("charge")
    assert (len(charges), max(charges.values())) == (100, 1)


def _answered(system: System, kind: str) -> int:
    return system.count(f"operation WHERE kind = '{kind}' AND answered_at IS NOT NULL")
