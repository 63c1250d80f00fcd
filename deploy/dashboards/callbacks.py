"""*Callbacks*: what the gateway tells us, what nobody told us, whether the books agree."""

from deploy.dashboards.board import Row, board, runbook
from deploy.dashboards.look import CALLBACKS, DENSITY, LATENCY, PER_SECOND, SECONDS, VERDICTS
from deploy.dashboards.panel import Look, bars, density, lines, number, rows
from deploy.dashboards.query import Query, age, buckets, growth, quantiles, rate, series, total, worst
from grafana_foundation_sdk.models.dashboard import Dashboard

_CALLBACKS = "paybus_callbacks_total"
_DISCREPANCIES = "paybus_discrepancies_total"
_DURATION = "paybus_callback_duration_seconds"
_COMPARED = f"time() - (max({series('paybus_reconciliation_timestamp_seconds')}) > 0)"
_NEVER = "no day yet"

_NOW = (
    number(
        "Callbacks",
        "Callbacks of the gateway, a second. 0 while payments go on: they do not reach us; look at "
        "NODIFY_URL, the ingress and the notifier. Inquiries find out the same, later.",
        rate(_CALLBACKS),
        Look(unit=PER_SECOND, width=3),
    ),
    number(
        "Refused",
        "Callbacks of the time shown that are not believed: a wrong key, or an attack. `callback.refused` "
        "in the log says whose and why.",
        growth(_CALLBACKS, 'verdict="refused"'),
        Look(width=3, decimals=0, above={"orange": 10}, links=[runbook("Runbook", "paybuscallbacksrefused")]),
    ),
    number(
        "Not stored",
        "Callbacks of the time shown that could not be stored: the ledger is away, the gateway sends them "
        "again.",
        growth(_CALLBACKS, 'verdict="unavailable"'),
        Look(width=3, decimals=0, above={"red": 1}, links=[runbook("Runbook", "paybuscallbacksunavailable")]),
    ),
    number(
        "Discrepancies",
        "Trades of the time shown of which the gateway says what cannot be true together with the ledger. A "
        "person has to look: `discrepancy.published` in the log names the trade.",
        growth(_DISCREPANCIES, 'source!="comparison"'),
        Look(width=3, decimals=0, above={"red": 0.5}, links=[runbook("Runbook", "paybusdiscrepancy")]),
    ),
    number(
        "Matched late",
        "Trades of the time shown that a kept callback was applied to later: somebody died in between. The "
        "money is right again.",
        growth("paybus_callbacks_matched_late_total"),
        Look(width=3, decimals=0, above={"orange": 0.5}, links=[runbook("Runbook", "paybusrestarting")]),
    ),
    number(
        "Trades that differ",
        "Trades of the time shown that differ from the gateway's list of their day. `paybus reconcile "
        "--date` names them; a person has to look.",
        growth("paybus_reconciliation_breaks_total"),
        Look(
            width=3, decimals=0, above={"red": 0.5}, links=[runbook("Runbook", "paybusreconciliationbreaks")]
        ),
    ),
    number(
        "Last comparison",
        "How long ago a day was last compared to its end. Above 26 hours: the gateway does not give its "
        "list, or nobody runs.",
        _COMPARED,
        Look(
            unit=SECONDS,
            width=3,
            nothing=_NEVER,
            above={"orange": 86400, "red": 93600},
            links=[runbook("Runbook", "paybusreconciliationtooold")],
        ),
    ),
    number(
        "Broken rules",
        "Rows of the ledger that break one of its rules now. Anything but 0 is a defect: "
        "`coherence.violated` in the log names them.",
        total("paybus_coherence_violations"),
        Look(width=3, decimals=0, above={"red": 1}, links=[runbook("Runbook", "paybuscoherenceviolated")]),
    ),
)

_TOLD = (
    lines(
        "Callbacks by verdict",
        "What was made of them, a second. Applied moved a trade on; duplicate and stale changed nothing; "
        "recorded waits for an inquiry; unmatched is kept for a trade that is not there yet.",
        [Query(rate(_CALLBACKS, by="verdict"), "{{verdict}}")],
        Look(
            unit=PER_SECOND,
            stacked=True,
            colours=CALLBACKS,
            links=[runbook("Runbook: discrepancies", "paybusdiscrepancy")],
        ),
    ),
    lines(
        "Time of a callback",
        "From its begin to our answer, in the ledger or refused. After 5 s the gateway gives up and sends "
        "it again: the ledger is slow.",
        quantiles(_DURATION),
        LATENCY,
    ),
    density(
        "How long callbacks took",
        "How many callbacks a second took how long.",
        buckets(_DURATION),
        DENSITY,
    ),
)

_NOT_TOLD = (
    lines(
        "Trades under watch",
        "Trades that the reconciler asks about. customer follows the orders that wait for payment; "
        "late_charge are revoked ones that the gateway could still charge.",
        [Query(worst("paybus_watched_trades", by="reason"), "{{reason}}")],
        Look(stacked=True, colours={"customer": "blue", "late_charge": "orange"}),
    ),
    lines(
        "Inquiries about them",
        "What the answers were worth, a second. Unknown is also an order that still waits for its customer; "
        "a rising share of it is a gateway that does not answer questions either.",
        [Query(rate("paybus_watch_inquiries_total", by="verdict"), "{{verdict}}")],
        Look(unit=PER_SECOND, stacked=True, colours={**VERDICTS, "unknown": "yellow"}),
    ),
    lines(
        "Cancelled, and matched late",
        "In the time shown: barcode payments that stayed unpaid after their deadline and were cancelled, "
        "and kept callbacks that were applied later. Many cancels are a wallet in trouble.",
        [
            Query(growth("paybus_overdue_cancels_total"), "overdue cancels"),
            Query(growth("paybus_callbacks_matched_late_total"), "matched late"),
        ],
        Look(colours={"overdue cancels": "blue", "matched late": "orange"}),
    ),
)

_BOOKS = (
    bars(
        "Trades that differ, by how",
        "From the gateway's list of their day, in the time shown: missing here or there, another amount or "
        "state.",
        Query(growth("paybus_reconciliation_breaks_total", by="break"), "{{break}}"),
        Look(
            width=6, decimals=0, above={"red": 0.5}, links=[runbook("Runbook", "paybusreconciliationbreaks")]
        ),
    ),
    lines(
        "Trades compared",
        "Trades of compared days that do not differ, in the time shown. Open ones have been without outcome "
        "since yesterday: there should be few.",
        [Query(growth("paybus_reconciliation_trades_total", by="result"), "{{result}}")],
        Look(width=6, colours={"matched": "green", "open": "orange"}),
    ),
    rows(
        "Ledger's rules",
        "Rows that break each rule now (docs/reconciliation.md).",
        Query(f"sort_desc({worst('paybus_coherence_violations', by='check')})", "rows"),
        Look(width=6, decimals=0, links=[runbook("Runbook", "paybuscoherenceviolated")]),
    ),
    lines(
        "Age of the last look",
        "How long ago every rule was looked at, and a day was compared. An old look hides what is wrong; a "
        "comparison is a day old at most.",
        [
            Query(age("paybus_coherence_timestamp_seconds"), "rules"),
            Query(_COMPARED, "comparison"),
        ],
        Look(width=6, unit=SECONDS, links=[runbook("Runbook", "paybuscoherencetooold")]),
    ),
)


def callbacks() -> Dashboard:
    """Make the dashboard."""
    return board(
        "callbacks",
        "Callbacks",
        "What the gateway tells us by itself, what nobody told us, and whether its books agree with ours.",
        [
            Row("Is anything wrong with what we are told?", _NOW),
            Row("What the gateway told us", _TOLD),
            Row("What nobody told us", _NOT_TOLD),
            Row("Whether the books agree", _BOOKS),
        ],
        traces=False,
    )
