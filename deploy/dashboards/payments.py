"""*Payments*: the page to open first."""

from deploy.dashboards.board import MERCHANT_GROUPS, OPERATIONS, Row, board, elsewhere, runbook
from deploy.dashboards.doubt import NOW, OVER_TIME
from deploy.dashboards.look import (
    KINDS,
    PER_SECOND,
    REQUESTS,
    RESULTS,
    SECONDS,
    SHARE,
    STATES,
    TRACED_DENSITY,
    TRACED_LATENCY,
    TRACES,
)
from deploy.dashboards.objective import OBJECTIVES
from deploy.dashboards.panel import Look, bars, density, lines
from deploy.dashboards.query import (
    KIND,
    MERCHANT_GROUP,
    TOPIC,
    Query,
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

_AGE = "paybus_command_age_seconds"
_ATTEMPTS = "paybus_gateway_attempts_total"
_CHARGES = 'operation=~"pay|order|refund|cancel"'
_CHOSEN = (KIND, MERCHANT_GROUP)

_COMMANDS = (
    lines(
        "Commands answered",
        "Final answers a second. A fall to 0 while commands come is a stop: see *Queues*.",
        [Query(rate("paybus_commands_total", *_CHOSEN, by="result"), "{{result}}")],
        Look(unit=PER_SECOND, stacked=True, colours=RESULTS, links=[elsewhere("Queues", "queues")]),
    ),
    lines(
        "How commands end",
        "Each result's share. Declined is the gateway's no, rejected a command that may not be carried out. "
        "A step in declined against last week: see the return codes.",
        [Query(shares("paybus_commands_total", *_CHOSEN, by="result"), "{{result}}")],
        Look(unit=SHARE, most=1, colours=RESULTS),
    ),
    lines(
        "Charges without an answer",
        "The share of requests that may move money and told nothing: each is money in doubt until it is "
        "asked about. Above 1 % the objective is being spent.",
        [
            Query(
                share(
                    rate(_ATTEMPTS, _CHARGES, MERCHANT_GROUP, 'verdict="unknown"', by="operation"),
                    rate(_ATTEMPTS, _CHARGES, MERCHANT_GROUP, by="operation"),
                ),
                "{{operation}}",
            )
        ],
        Look(
            unit=SHARE, most=1, colours=REQUESTS, above={"red": 0.01}, links=[elsewhere("Gateway", "gateway")]
        ),
    ),
    lines(
        "Open operations",
        "Operations without a final answer, by state. Unknown falls to 0 when the gateway is well; ready "
        "that grows is a worker that does not send; waiting are refunds and cancels whose pay is not final.",
        [Query(total("paybus_operations_open", *_CHOSEN, by="state"), "{{state}}")],
        Look(stacked=True, colours=STATES),
    ),
    lines(
        "Errors",
        "What should not happen, a second: commands rejected, dead letters, return codes that nobody has "
        "judged, requests held back. Each has its own panel on *Queues* or *Gateway*. Rejected are those of "
        "the chosen group, the rest is of all merchants.",
        [
            Query(rate("paybus_commands_total", *_CHOSEN, 'result="rejected"'), "rejected"),
            Query(rate("paybus_dead_letters_total", TOPIC), "dead letters"),
            Query(rate("paybus_return_codes_unlisted_total", KIND), "unlisted return codes"),
            Query(rate("paybus_requests_held_back_total", KIND), "held back"),
        ],
        Look(
            unit=PER_SECOND,
            colours={
                "rejected": "orange",
                "dead letters": "red",
                "unlisted return codes": "purple",
                "held back": "yellow",
            },
            links=[runbook("Runbook: dead letters", "paybusdeadletters")],
        ),
    ),
    bars(
        "Return codes, top ten",
        "What the gateway answered in the time shown; none is no readable answer. Compare it with a quiet "
        "day; other is a code that nobody has judged yet.",
        Query(
            f"topk(10, {growth('paybus_gateway_return_codes_total', MERCHANT_GROUP, by='return_code')} > 0)",
            "{{return_code}}",
        ),
        Look(decimals=0, links=[runbook("Runbook", "paybusreturncodeshifted")]),
    ),
)

_TIME = (
    lines(
        "From asked to answered",
        "Half, 95 % and 99 % of the commands are answered within this. A pay contains the customer's PIN, a "
        "refund may wait for its pay. Points are exemplars: each leads to a trace.",
        quantiles(_AGE, *_CHOSEN),
        TRACED_LATENCY,
    ),
    lines(
        "From asked to answered, 95 % by operation",
        "95 % are answered within this. One operation alone that is slow is the gateway's; all of them "
        "together is rather us: see *Intake* on *Queues*.",
        [Query(quantile(0.95, _AGE, *_CHOSEN, by="kind"), "{{kind}}", exemplars=True)],
        Look(unit=SECONDS, colours=KINDS, data_links=[TRACES]),
    ),
    density(
        "How long they took",
        "How many commands a second took how long. A second hump is a group with a trouble of its own, "
        "which no quantile shows.",
        buckets(_AGE, *_CHOSEN),
        TRACED_DENSITY,
    ),
)


def payments() -> Dashboard:
    """Make the dashboard."""
    return board(
        "payments",
        "Payments",
        "Whether money is in doubt, how commands end and how fast. Begin here.",
        [
            Row("Is money in doubt? Is anything standing still?", NOW),
            Row("In doubt", OVER_TIME),
            Row("Commands", _COMMANDS),
            Row("Time", _TIME),
            Row("Objectives", OBJECTIVES),
        ],
        OPERATIONS,
        MERCHANT_GROUPS,
    )
