"""Which event answers which command, by the event alone."""

import pytest

from paybus.cli.reconciliation.evidence import Content, Told
from paybus.cli.traffic.answer import answers
from paybus.contracts.command import CancelCommand, Command, PayCommand, RefundCommand

PAY = PayCommand(merchant_id="M", charge_code="A", method="barcode", amount_fen=1, subject="Coffee")
REFUND = RefundCommand(merchant_id="M", charge_code="A", out_refund_no="R", amount_fen=1, subject="Cold")
CANCEL = CancelCommand(merchant_id="M", charge_code="A")


@pytest.mark.parametrize(
    ("happening", "command", "more"),
    [
        ("trade.created", PAY, {}),
        ("trade.paid", PAY, {}),
        ("trade.declined", PAY, {}),
        ("refund.succeeded", REFUND, {"out_refund_no": "R"}),
        ("refund.failed", REFUND, {"out_refund_no": "R"}),
        ("trade.revoked", CANCEL, {}),
        ("command.rejected", PAY, {"kind": "pay"}),
        ("command.rejected", REFUND, {"kind": "refund", "out_refund_no": "R"}),
        ("command.rejected", CANCEL, {"kind": "cancel"}),
    ],
)
def test_an_answer(happening: str, command: Command, more: dict[str, str]) -> None:
    """The outcome of a pay, of the refund with its number, of a cancel, or their rejection."""
    assert answers(told(happening, **more), command)
    assert not answers(told(happening, charge_code="B", **more), command)


@pytest.mark.parametrize(
    ("happening", "command", "more"),
    [
        ("trade.unknown", PAY, {}),
        ("trade.revocation_requested", CANCEL, {}),
        ("trade.partially_refunded", REFUND, {}),
        ("refund.accepted", REFUND, {"out_refund_no": "R"}),
        ("refund.succeeded", REFUND, {"out_refund_no": "R2"}),
        ("command.rejected", REFUND, {"kind": "refund", "out_refund_no": "R2"}),
        ("command.rejected", PAY, {"kind": "cancel"}),
        ("trade.paid", CANCEL, {}),
        ("something.new", PAY, {}),
    ],
)
def test_no_answer(happening: str, command: Command, more: dict[str, str]) -> None:
    """What is on its way, about another refund, to another command, or not known yet."""
    assert not answers(told(happening, **more), command)


def told(happening: str, charge_code: str = "A", **more: str) -> Told:
    """Give an event about a trade of M."""
    content = Content(merchant_id="M", charge_code=charge_code, **more)
    return Told(ce_id="id", happening=happening, content=content, value=b"")
