"""When to try again: to ask about an operation, to look at its trade, to send what could not be sent."""

INQUIRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Waits before each next inquiry: quick while a customer stands at the till, then hourly for ever."""

WAIT_FOR_PAY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Waits of a refund or cancel whose pay has no outcome yet: no call is made, only the ledger is looked at."""

UNSENT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before something certainly not executed is sent again: short at a till, and never a storm."""


def next_inquiry_seconds(asked: int) -> float:
    """Say how long to wait after *asked* inquiries without an answer (asked >= 0); the last step repeats."""
    return INQUIRY_SECONDS[min(asked, len(INQUIRY_SECONDS) - 1)]


def next_look_seconds(looked: int) -> float:
    """Say how long a waiting refund or cancel sleeps before it looks at its trade again."""
    return WAIT_FOR_PAY_SECONDS[min(looked, len(WAIT_FOR_PAY_SECONDS) - 1)]


def next_try_seconds(tried: int) -> float:
    """Say how long to wait after an operation could not be sent, and *tried* times before (tried >= 0)."""
    return UNSENT_SECONDS[min(tried, len(UNSENT_SECONDS) - 1)]
