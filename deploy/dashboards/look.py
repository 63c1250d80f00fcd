"""The looks that several dashboards share: colours by meaning, units, where a panel leads to."""

from deploy.dashboards.board import traces_of_this_time
from deploy.dashboards.panel import Look
from grafana_foundation_sdk.builders.dashboard import DashboardLink

VERDICTS = {"executed": "green", "declined": "blue", "not_executed": "purple", "unknown": "red"}
RESULTS = {"executed": "green", "declined": "blue", "rejected": "orange"}
KINDS = {"pay": "blue", "refund": "purple", "cancel": "orange"}
STATES = {"pending": "green", "ready": "blue", "waiting": "yellow", "unknown": "red"}
FATES = {"accepted": "green", "duplicate": "blue", "rejected": "orange", "dead_letter": "red"}
REQUESTS = {"pay": "blue", "order": "green", "query": "yellow", "refund": "purple", "cancel": "orange"}
QUANTILES = {"p50": "green", "p95": "yellow", "p99": "red"}
TRAFFIC = {
    "pay charges": "dark-blue",
    "pay inquiries": "light-blue",
    "refund charges": "dark-purple",
    "refund inquiries": "light-purple",
    "cancel charges": "dark-orange",
    "cancel inquiries": "light-orange",
}
CALLBACKS = {
    "applied": "green",
    "duplicate": "blue",
    "stale": "light-blue",
    "recorded": "purple",
    "unmatched": "yellow",
    "discrepancy": "orange",
    "unavailable": "dark-orange",
    "refused": "red",
}

PER_SECOND = "ops"
SHARE = "percentunit"
SECONDS = "s"
YUAN = "currency:¥"
"""Grafana has no unit for yuan, and takes any sign."""

TRACES = traces_of_this_time()
LATENCY = Look(unit=SECONDS, colours=QUANTILES)
DENSITY = Look(unit=SECONDS)
TRACED_LATENCY = Look(unit=SECONDS, colours=QUANTILES, data_links=[TRACES])
TRACED_DENSITY = Look(unit=SECONDS, data_links=[TRACES])


def seconds(orange: float, red: float, *links: DashboardLink) -> Look:
    """Give the look of one age that is too high above *orange*, and far too high above *red*."""
    return Look(unit=SECONDS, width=3, above={"orange": orange, "red": red}, links=links)
