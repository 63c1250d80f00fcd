"""When to try again: to ask about an operation, to look at its trade, to send what could not be sent."""

INQUIRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Waits before each next inquiry: quick while a customer stands at the till, then hourly for ever."""

WAIT_FOR_PAY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Waits of a refund or cancel whose pay has no outcome yet: no call is made, only the ledger is looked at."""

UNSENT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before something certainly not executed is sent again: short at a till, and never a storm."""

CUT_OFF_SECONDS = 1.0
"""A request that ended sooner without an answer was cut off: that is no slow gateway."""

HUNG_FACTOR = 4.0
"""A gateway that let a request hang may take it up as late again, and later: from a queue before it, or when
it gets its processor back. Of requests that hung 18 s the latest was carried out 44 s after we gave it up."""

LONGEST_HUNG_SECONDS = 80.0
"""The gateway holds no payment for longer (docs/protocol.md §1)."""


def hidden_seconds(hung_seconds: float) -> float:
    """Say for how long after a request that hung so long "it does not exist" proves nothing.

    For one that was cut off the ordinary query lag is enough; otherwise it begins when this has passed.
    """
    if hung_seconds < CUT_OFF_SECONDS:
        return 0.0
    return min(HUNG_FACTOR * hung_seconds, LONGEST_HUNG_SECONDS)


def next_inquiry_seconds(asked: int) -> float:
    """Say how long to wait after *asked* inquiries without an answer (asked >= 0); the last step repeats."""
    return INQUIRY_SECONDS[min(asked, len(INQUIRY_SECONDS) - 1)]


def next_look_seconds(looked: int) -> float:
    """Say how long a waiting refund or cancel sleeps before it looks at its trade again."""
    return WAIT_FOR_PAY_SECONDS[min(looked, len(WAIT_FOR_PAY_SECONDS) - 1)]


def next_try_seconds(tried: int) -> float:
    """Say how long to wait after an operation could not be sent, and *tried* times before (tried >= 0)."""
    return UNSENT_SECONDS[min(tried, len(UNSENT_SECONDS) - 1)]
