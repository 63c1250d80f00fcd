"""However often a command comes, and wherever, it is carried out once and answered with the same bytes."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.system import System, barcode, refund

from paybus.trades.operation import Kind


def test_copies_of_one_command_are_one_effect(system: System) -> None:
    """100 copies over all partitions and two workers: one charge, one answer, though nobody deduplicates."""
    system.start_sandbox(latency_ms=100)
    system.start("pay")
    system.start("pay2", "pay")
    with ThreadPoolExecutor(6) as threads:
        list(
            threads.map(
                lambda partition: system.send(
                    Kind.PAY, [barcode(7)] * (20 if partition == 5 else 16), partition=partition
                ),
                range(6),
            )
        )
    system.await_answers(1)
    assert system.effects("charge") == {"C00007": 1}
    assert [row["ce_type"] for row in system.query("SELECT ce_type FROM event")] == ["trade.paid"]


def test_refunds_at_once_never_exceed_the_payment(system: System) -> None:
    """Of 50 refunds of 10.00 at once on a trade of 158.00 exactly 15 are granted."""
    system.start_sandbox(latency_ms=20)
    system.start("pay")
    system.send(Kind.PAY, [barcode(1, amount_fen=15800)])
    system.start("refund")
    system.start("refund2", "refund")
    system.await_answers(1)
    system.send(Kind.REFUND, (refund("C00001", number, 1000) for number in range(50)))
    system.await_answers(51)
    assert len(system.effects("refund")) == 15
    answers = system.query("SELECT state, count(*) AS n FROM operation WHERE kind = 'refund' GROUP BY 1")
    assert {row["state"]: row["n"] for row in answers} == {"done": 15, "rejected": 35}
    (trade,) = system.query("SELECT * FROM trade")
    assert (trade["refunded_fen"], trade["reserved_fen"]) == (15000, 0)
