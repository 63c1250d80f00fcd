"""Killed exactly between two steps that belong together: nothing is lost there, and nothing done twice.

A lock on one of the ledger's tables holds the worker at the seam: what it has done is there to be seen,
and what comes next cannot have happened.
"""

from collections import Counter

from tests.e2e.system import System, barcode
from tests.kafka.apache import ApacheKafka

from paybus.trades.operation import Kind

COMMANDS = 40
CODES = [barcode(number)["charge_code"] for number in range(COMMANDS)]


def _calls(system: System) -> Counter[str]:
    books = system.get("sandbox", "/admin/books?parts=calls")
    return Counter(call["charge_code"] for call in books["calls"])


def test_killed_between_accepting_and_committing(system: System) -> None:
    """Accepted, and Kafka does not know: the commands come again, and are no new ones."""
    system.start_sandbox()
    with system.locked("callback"):  # the last thing that an accept looks at
        system.start("pay")
        system.send(Kind.PAY, map(barcode, range(COMMANDS)))
        system.until(lambda: system.count("operation") == COMMANDS)
        assert system.committed(Kind.PAY) == 0
        system.kill("pay")
    assert system.answered == 0
    system.start("pay")
    system.await_answers(COMMANDS)
    system.until(lambda: system.committed(Kind.PAY) == COMMANDS)
    assert system.effects("charge") == _calls(system) == Counter(CODES)


def test_killed_between_the_charge_and_writing_it_down(system: System) -> None:
    """The customers are charged, and the ledger does not know: they are asked about, not charged again."""
    system.start_sandbox()
    with system.locked("event"):  # where every answer goes
        system.start("pay")
        system.send(Kind.PAY, map(barcode, range(COMMANDS)))
        system.until(lambda: system.effects("charge").total() == COMMANDS)
        system.kill("pay")
    assert system.answered == 0
    system.start("pay")
    system.await_answers(COMMANDS)
    assert system.effects("charge") == _calls(system) == Counter(CODES)
    assert system.count("event WHERE ce_type = 'trade.paid'") == COMMANDS


def test_killed_without_a_broker_and_without_a_commit(system: System, kafka: ApacheKafka) -> None:
    """Kafka is gone: what is accepted is carried out all the same, and is not carried out again afterwards.

    Neither the commit nor the audit trail, both on Kafka, may hold up a payment.
    """
    system.start_sandbox()
    with system.locked("callback"):
        system.start("pay")
        system.send(Kind.PAY, map(barcode, range(COMMANDS)))
        system.until(lambda: system.count("operation") == COMMANDS)
        kafka.kill()
    try:
        system.await_answers(COMMANDS)
        system.kill("pay")
    finally:
        kafka.start()
    assert system.committed(Kind.PAY) == 0
    system.start("pay")
    system.until(lambda: system.committed(Kind.PAY) == COMMANDS)
    assert system.count("operation") == COMMANDS
    assert system.effects("charge") == _calls(system) == Counter(CODES)
