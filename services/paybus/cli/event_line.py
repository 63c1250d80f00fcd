"""An event in one line for people."""

from datetime import datetime

from rich.markup import escape

from paybus.cli.reconciliation.evidence import Content, Told
from paybus.trades.happening import Happening

_COLOURS = {
    Happening.TRADE_PAID: "green",
    Happening.REFUND_SUCCEEDED: "green",
    Happening.TRADE_UNKNOWN: "yellow",
    Happening.REFUND_UNKNOWN: "yellow",
    Happening.TRADE_DISCREPANCY: "red",
    Happening.COMMAND_REJECTED: "red",
    Happening.TRADE_DECLINED: "red",
    Happening.REFUND_FAILED: "red",
}


def event_line(told: Told) -> str:
    """Write when, what, about which trade, and what the trade is now; in rich's markup."""
    times = [text for name, text in told.headers if name == "ce_time"]
    at = _clock((times[0] or b"").decode()) if times else ""
    colour = (
        _COLOURS.get(Happening(told.happening), "default") if told.happening in set(Happening) else "default"
    )
    place = escape("/".join(told.place))
    return f"{at}  [{colour}]{told.happening:<27}[/]  {place}  {escape(summary_of(told.content))}"


def summary_of(content: Content) -> str:
    """Say what an event tells, in a few words."""
    words = [] if content.version is None else [f"v{content.version}", content.state or ""]
    if content.out_refund_no:
        words.append(f"refund {content.out_refund_no}")
    if content.reason:
        words.append(f"because of {content.reason}")
    if content.bar_code:
        words.append(f"QR code {content.bar_code}")
    if content.version is not None:
        words.append(f"paid {content.paid_fen} fen, refunded {content.refunded_fen} fen")
    return "  ".join(words)


def _clock(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%H:%M:%S.%f")[:-3]
    except ValueError:
        return text
