"""The looks that several dashboards share: colours by meaning, units, where a panel leads to."""

from deploy.dashboards.board import traces_of_this_time
from deploy.dashboards.panel import Look

VERDICTS = {"executed": "green", "declined": "blue", "not_executed": "purple", "unknown": "red"}
RESULTS = {"executed": "green", "declined": "blue", "rejected": "orange"}
KINDS = {"pay": "blue", "refund": "purple", "cancel": "orange"}
STATES = {"pending": "green", "ready": "blue", "waiting": "yellow", "unknown": "red"}
FATES = {"accepted": "green", "duplicate": "blue", "rejected": "orange", "dead_letter": "red"}
QUANTILES = {"p50": "green", "p95": "yellow", "p99": "red"}
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
YUAN = "currencyCNY"

TRACES = traces_of_this_time()
LATENCY = Look(unit=SECONDS, colours=QUANTILES, data_links=[TRACES])
DENSITY = Look(unit=SECONDS, data_links=[TRACES])
