"""Workers die in the middle of their work; others, or their successors, go on without charging twice."""

import signal

from tests.e2e.system import System, barcode

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
