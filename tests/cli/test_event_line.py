"""An event in one line."""

from rich.text import Text

from paybus.cli.event_line import event_line
from paybus.cli.reconciliation.evidence import Content, Told


def line_of(happening: str, **content: object) -> str:
    """Write an event about M/A as people see it."""
    headers = (("ce_time", b"2026-01-31T08:00:00.250000+00:00"),)
    told = Told(
        ce_id="id",
        happening=happening,
        content=Content(merchant_id="M", charge_code="A", **content),
        value=b"",
        headers=headers,
    )
    return " ".join(Text.from_markup(event_line(told)).plain.split())


def test_a_trade_is_shown_as_it_is_now() -> None:
    """When, what, which trade, its version, state and money."""
    line = line_of("trade.paid", version=2, state="paid", paid_fen=500)
    assert line == "08:00:00.250 trade.paid M/A v2 paid paid 500 fen, refunded 0 fen"


def test_a_refund_and_a_rejection_name_what_they_are_about() -> None:
    """The refund's number; the reason."""
    assert "refund R1" in line_of("refund.failed", version=2, state="paid", out_refund_no="R1")
    assert line_of("command.rejected", reason="expired").endswith("M/A because of expired")


def test_an_order_shows_its_code() -> None:
    """That is what the customer is to scan."""
    line = line_of(
        "trade.created", version=1, state="awaiting_payment", bar_code="https://wallet.example/[1]"
    )
    assert "QR code https://wallet.example/[1]" in line


def test_an_event_of_a_later_version_is_borne() -> None:
    """A type nobody here knows is still an event."""
    assert "trade.melted" in line_of("trade.melted")
