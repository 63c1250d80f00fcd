"""The two objectives of docs/operations.md: how far they are held, and how fast their allowance is spent.

A burn of 1 spends the allowance of 30 days in 30 days; 14.4 spends it in two days and wakes somebody.
"""

from deploy.dashboards.board import runbook
from deploy.dashboards.look import SHARE
from deploy.dashboards.panel import TALL, Look, lines, number
from deploy.dashboards.query import KIND, MERCHANT_GROUP, Query, growth, series

LATE_ALLOWED = 0.005
"""Of the commands: 99.5 % are answered in time, a pay and a cancel in 90 s, a refund in 300 s."""
DOUBT_ALLOWED = 0.01
"""Of the attempts that may move money: 99 % tell whether it moved."""

_AGE = "paybus_command_age_seconds"
_ATTEMPTS = "paybus_gateway_attempts_total"
_CHARGES = 'operation=~"pay|order|refund|cancel"'
_WINDOWS = ("5m", "1h", "6h", "3d")
_SHADES = {"over 5m": "yellow", "over 1h": "orange", "over 6h": "red", "over 3d": "dark-red"}
_PACE = {"orange": 1.0, "red": 14.4}

_CHOSEN = (KIND, MERCHANT_GROUP)
_QUICK = growth(f"{_AGE}_bucket", *_CHOSEN, 'kind=~"pay|cancel"', 'le="90.0"')
_SLOW = growth(f"{_AGE}_bucket", *_CHOSEN, 'kind="refund"', 'le="300.0"')
_IN_TIME = f"(({_QUICK} or vector(0)) + ({_SLOW} or vector(0))) / ({growth(f'{_AGE}_count', *_CHOSEN)} > 0)"
_IN_DOUBT = growth(_ATTEMPTS, _CHARGES, MERCHANT_GROUP, 'verdict="unknown"')
_TOLD = f"1 - {_IN_DOUBT} / ({growth(_ATTEMPTS, _CHARGES, MERCHANT_GROUP)} > 0)"


def _burn(ratio: str, allowed: float, *matchers: str) -> list[Query]:
    return [
        Query(f"max({series(f'{ratio}:ratio_rate{window}', *matchers)}) / {allowed}", f"over {window}")
        for window in _WINDOWS
    ]


OBJECTIVES = (
    number(
        "Answered in time",
        "Of the commands answered in the time shown, those that were in time: a pay and a cancel in 90 s, a "
        "refund in 300 s. The objective is 99.5 % in 30 days.",
        _IN_TIME,
        Look(
            unit=SHARE,
            width=4,
            decimals=2,
            above={"red": 0.0, "orange": 0.99, "green": 0.995},
            links=[runbook("Runbook", "paybusanswerslatebudget")],
        ),
    ).height(TALL),
    lines(
        "Burn: late answers",
        "How many times faster than allowed late answers use the allowance up, of the worst operation: at 1 "
        "it lasts the 30 days, at 14.4 two. The short windows say whether it still goes on.",
        _burn("namespace_kind:paybus_commands_late", LATE_ALLOWED, KIND),
        Look(above=_PACE, colours=_SHADES, links=[runbook("Runbook", "paybusanswerslatefastburn")]),
    ),
    number(
        "Attempts that told",
        "Of the attempts that may move money, those whose answer told whether it moved. The objective is 99 "
        "% in 30 days; the rest is asked about, and costs seconds.",
        _TOLD,
        Look(
            unit=SHARE,
            width=4,
            decimals=2,
            above={"red": 0.0, "orange": 0.98, "green": 0.99},
            links=[runbook("Runbook", "paybusdoubtbudget")],
        ),
    ).height(TALL),
    lines(
        "Burn: attempts in doubt",
        "The same for attempts without an answer that tells. It jumps with an outage of the gateway; a slow "
        "constant burn is a gateway that got worse.",
        _burn("namespace_operation:paybus_attempts_in_doubt", DOUBT_ALLOWED),
        Look(above=_PACE, colours=_SHADES, links=[runbook("Runbook", "paybusdoubtfastburn")]),
    ),
)
