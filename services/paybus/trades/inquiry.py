"""When to ask the gateway again about an operation whose outcome is unknown."""

INQUIRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Waits before each next inquiry: quick while a customer stands at the till, then hourly for ever."""

WAIT_FOR_PAY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Waits of a refund or cancel whose pay has no outcome yet: no call is made, only the ledger is looked at."""


def next_inquiry_seconds(asked: int) -> float:
    """Say how long to wait after *asked* inquiries without an answer (asked >= 0); the last step repeats."""
    return INQUIRY_SECONDS[min(asked, len(INQUIRY_SECONDS) - 1)]


def next_look_seconds(looked: int) -> float:
    """Say how long a waiting refund or cancel sleeps before it looks at its trade again."""
    return WAIT_FOR_PAY_SECONDS[min(looked, len(WAIT_FOR_PAY_SECONDS) - 1)]
