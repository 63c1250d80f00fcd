"""*Gateway*: what it answers, how fast, and what we do not send it now."""

from deploy.dashboards.board import MERCHANT_GROUPS, Choice, Row, board, runbook
from deploy.dashboards.look import (
    PER_SECOND,
    REQUESTS,
    SECONDS,
    SHARE,
    TRACED_DENSITY,
    TRACED_LATENCY,
    TRACES,
    TRAFFIC,
    VERDICTS,
    seconds,
)
from deploy.dashboards.panel import Look, bars, density, lines, number, rows
from deploy.dashboards.query import (
    MERCHANT_GROUP,
    REQUEST,
    Query,
    age,
    buckets,
    growth,
    quantile,
    quantiles,
    rate,
    share,
    shares,
    total,
)
from grafana_foundation_sdk.models.dashboard import Dashboard

_CALLS = "paybus_gateway_call_duration_seconds"
_ATTEMPTS = "paybus_gateway_attempts_total"
_CODES = "paybus_gateway_return_codes_total"
_CHOSEN = (REQUEST, MERCHANT_GROUP)

CHOICE = Choice("request", "Request", _ATTEMPTS, "operation")

_NOW = (
    number(
        "Requests",
        "Requests to the gateway, a second, inquiries among them.",
        rate(_ATTEMPTS, *_CHOSEN),
        Look(unit=PER_SECOND, width=3),
    ),
    number(
        "Without an answer",
        "The share of them that told nothing: time-outs, broken answers, errors. Rising: an outage begins.",
        share(rate(_ATTEMPTS, *_CHOSEN, 'verdict="unknown"'), rate(_ATTEMPTS, *_CHOSEN)),
        Look(
            unit=SHARE,
            width=3,
            decimals=1,
            above={"orange": 0.01, "red": 0.1},
            links=[runbook("Runbook", "paybusdoubtfastburn")],
        ),
    ),
    number(
        "99 % within",
        "99 % of the requests were answered within this. Near 15 s (90 s for a pay) they end as time-outs.",
        quantile(0.99, _CALLS, REQUEST),
        Look(unit=SECONDS, width=3, above={"orange": 5, "red": 15}),
    ),
    number(
        "Left alone",
        "Open breakers: nothing is sent to that gateway but a probe now and then. `breaker.opened` in the "
        "log names it.",
        total("paybus_breakers_open"),
        Look(width=3, above={"red": 1}, links=[runbook("Runbook", "paybusbreakeropen")]),
    ),
    number(
        "Held back",
        "Requests put off, a second: a breaker is open, or a merchant is at his limit.",
        rate("paybus_requests_held_back_total"),
        Look(
            unit=PER_SECOND,
            width=3,
            above={"orange": 0.01},
            links=[runbook("Runbook", "paybuserrorquotausedup")],
        ),
    ),
    number(
        "Unlisted codes",
        "Replies of the time shown with a code that nobody has judged: each is an operation in doubt. Judge "
        "the code in the profile; `return_code.unlisted` in the log has it.",
        growth("paybus_return_codes_unlisted_total"),
        Look(width=3, decimals=0, above={"red": 0.5}, links=[runbook("Runbook", "paybusreturncodeunlisted")]),
    ),
    number(
        "Unreadable records",
        "Records of attempts in the time shown that the exporter could not read. Not 0: somebody else "
        "writes to the topic, or versions are far apart; the figures of this page are too low.",
        growth("paybus_gateway_calls_unreadable_total"),
        Look(width=3, decimals=0, above={"orange": 0.5}, links=[runbook("Runbook", "paybuscallsunreadable")]),
    ),
    number(
        "Age of figures",
        "How long ago the exporter last read the attempts from Kafka. Red: this page is old, whatever it "
        "says.",
        age("paybus_broker_read_timestamp_seconds", 'subject="records"'),
        seconds(30, 60, runbook("Runbook", "paybusbrokerreadtooold")),
    ),
)

_ANSWERS = (
    lines(
        "Requests by verdict",
        "What answers were worth, a second. Unknown tells nothing; not executed is certainty that nothing "
        "happened.",
        [Query(rate(_ATTEMPTS, *_CHOSEN, by="verdict"), "{{verdict}}")],
        Look(unit=PER_SECOND, stacked=True, colours=VERDICTS),
    ),
    lines(
        "Share of each verdict",
        "The same as shares. A rising share of unknown is money in doubt; of declined, look at the return "
        "codes.",
        [Query(shares(_ATTEMPTS, *_CHOSEN, by="verdict"), "{{verdict}}")],
        Look(unit=SHARE, most=1, colours=VERDICTS),
    ),
    lines(
        "Requests by operation",
        "What is asked of the gateway, a second. Many queries are many operations in doubt, or many "
        "customers who have not paid yet.",
        [Query(rate(_ATTEMPTS, *_CHOSEN, by="operation"), "{{operation}}")],
        Look(unit=PER_SECOND, colours=REQUESTS),
    ),
)

_TIME = (
    lines(
        "Time of a request",
        "Half, 95 % and 99 % are answered within this. Points are exemplars: each leads to a trace.",
        quantiles(_CALLS, REQUEST),
        TRACED_LATENCY,
    ),
    lines(
        "Time of a request, 99 % by operation",
        "A pay waits for the customer's PIN; a query that is slow is the gateway itself.",
        [Query(quantile(0.99, _CALLS, REQUEST, by="operation"), "{{operation}}", exemplars=True)],
        Look(unit=SECONDS, colours=REQUESTS, data_links=[TRACES]),
    ),
    density(
        "How long requests took",
        "How many requests a second took how long. A band at the top are time-outs.",
        buckets(_CALLS, REQUEST),
        TRACED_DENSITY,
    ),
)

_CODE = (
    lines(
        "Return codes over time, top ten",
        "The commonest codes, a second. A code that appears with an outage or an update of the gateway is "
        "its reason.",
        [Query(f"topk(10, {rate(_CODES, *_CHOSEN, by='return_code')} > 0)", "{{return_code}}")],
        Look(unit=PER_SECOND, links=[runbook("Runbook", "paybusreturncodeshifted")]),
    ),
    bars(
        "Return codes, top ten",
        "How often each came in the time shown; none is no readable answer, other a code that is not in our "
        "table.",
        Query(f"topk(10, {growth(_CODES, *_CHOSEN, by='return_code')} > 0)", "{{return_code}}"),
        Look(decimals=0, links=[runbook("Runbook", "paybusreturncodeshifted")]),
    ),
    rows(
        "Return codes by operation",
        "How often each came to which request, in the time shown; the commonest twenty.",
        Query(f"topk(20, {growth(_CODES, *_CHOSEN, by='operation, return_code')} > 0)", "replies"),
        Look(decimals=0),
    ),
)

_LIMITS = (
    lines(
        "Breakers",
        "Gateways left alone, by worker and traffic: charges and inquiries have breakers of their own. A "
        "comb is a gateway that answers the probe and nothing else.",
        [Query(total("paybus_breakers_open", by="kind, traffic"), "{{kind}} {{traffic}}")],
        Look(stacked=True, colours=TRAFFIC, links=[runbook("Runbook", "paybusbreakeropen")]),
    ),
    lines(
        "Requests held back, by limit",
        "Requests put off, a second. breaker: the gateway does not answer; rate: a merchant is at his calls "
        "a second; error_quota: his charges pause for his errors.",
        [Query(rate("paybus_requests_held_back_total", by="limit"), "{{limit}}")],
        Look(
            unit=PER_SECOND,
            colours={"breaker": "red", "rate": "yellow", "error_quota": "orange"},
            links=[runbook("Runbook", "paybuserrorquotausedup")],
        ),
    ),
    lines(
        "Unlisted and unreadable",
        "Replies with a code that nobody has judged, and records of attempts that the exporter could not "
        "read, in the time shown. Both stay at 0.",
        [
            Query(growth("paybus_return_codes_unlisted_total", by="kind"), "unlisted, {{kind}}"),
            Query(growth("paybus_gateway_calls_unreadable_total"), "unreadable"),
        ],
        Look(colours={"unreadable": "red"}, links=[runbook("Runbook", "paybusreturncodeunlisted")]),
    ),
)


def gateway() -> Dashboard:
    """Make the dashboard."""
    return board(
        "gateway",
        "Gateway",
        "What the gateway answers, how fast, and what is not sent to it now.",
        [
            Row("Does it answer?", _NOW),
            Row("Answers", _ANSWERS),
            Row("Time", _TIME),
            Row("Return codes", _CODE),
            Row("Left alone, and held back", _LIMITS),
        ],
        CHOICE,
        MERCHANT_GROUPS,
    )
