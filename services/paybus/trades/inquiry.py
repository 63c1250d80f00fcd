"""When to try again: to ask about an operation, to look at its trade, to send what could not be sent."""

INQUIRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Waits before each next inquiry: quick while a customer stands at the till, then hourly for ever."""

WAIT_FOR_PAY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Waits of a refund or cancel whose pay has no outcome yet: no call is made, only the ledger is looked at."""

UNSENT_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before something certainly not executed is sent again: short at a till, and never a storm."""

CUT_OFF_SECONDS = 1.0
"""A request that ended sooner without an answer was cut off: that is no slow gateway."""

HUNG_FACTOR = 10.0
"""A gateway that lets a request hang may take it up long after we gave it up, from a queue before it, while
it answers inquiries at once. In a soak whose gateway had no processor time, requests that hung 18 s were
carried out up to 86 s later (docs/guarantees.md): this is twice as long."""

LONGEST_HUNG_SECONDS = 300.0
"""For a pay that hung for the whole of its 90 s: no queue before a gateway keeps a request for longer."""


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
