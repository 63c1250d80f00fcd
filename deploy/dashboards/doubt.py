"""Whether money is in doubt, how much and since when, and whether anything stands still."""

from deploy.dashboards.board import elsewhere, runbook
from deploy.dashboards.look import KINDS, SECONDS, YUAN, seconds
from deploy.dashboards.panel import Look, lines, number
from deploy.dashboards.query import KIND, MERCHANT_GROUP, TOPIC, Query, all_chosen, series, total, worst

_UNKNOWN = 'state="unknown"'

NOW = (
    number(
        "Money in doubt",
        "Money of which nobody knows whether it moved: the sum of all operations in state unknown. Not 0: "
        "look at *Oldest in doubt*. It falls by itself when the gateway answers again; never repeat such a "
        "payment by hand.",
        f"{all_chosen('paybus_unknown_amount_fen')} / 100",
        Look(
            unit=YUAN, width=3, above={"orange": 0.01}, links=[runbook("Runbook", "paybusunknownamountlarge")]
        ),
    ),
    number(
        "Operations in doubt",
        "How many operations are unknown: sent, and not answered in a way that tells. Each is asked about "
        "until the gateway answers. Not falling while the gateway is well: follow the runbook.",
        total("paybus_operations_open", KIND, MERCHANT_GROUP, _UNKNOWN),
        Look(width=3, above={"orange": 1}, links=[runbook("Runbook", "paybusdoubtfastburn")]),
    ),
    number(
        "Oldest in doubt",
        "Since when the oldest of them is unknown. Minutes are an outage of the gateway; above an hour a "
        "person asks its operator.",
        worst("paybus_unknown_oldest_seconds", MERCHANT_GROUP),
        seconds(60, 3600, runbook("Runbook", "paybusunknowntooold")),
    ),
    number(
        "Oldest in Kafka",
        "The age of the oldest command that no worker has taken on. Growing: the worker is full, stuck or "
        "down, or its gateway is left alone. *Queues* shows which.",
        worst("paybus_consumer_lag_seconds", TOPIC),
        seconds(15, 60, runbook("Runbook", "paybuslagold"), elsewhere("Queues", "queues")),
    ),
    number(
        "Oldest event",
        "The age of the oldest event that is decided and not on Kafka yet. Growing: the notifier is down or "
        "Kafka refuses. Nothing is lost, others hear late.",
        worst("paybus_outbox_oldest_seconds"),
        seconds(10, 60, runbook("Runbook", "paybusoutboxold"), elsewhere("Queues", "queues")),
    ),
    number(
        "Gateways left alone",
        "Open breakers: a gateway that does not answer gets one probe now and then, and commands wait. Not "
        "0: see *Gateway*, and call its operator.",
        total("paybus_breakers_open", KIND),
        Look(
            width=3,
            above={"red": 1},
            links=[runbook("Runbook", "paybusbreakeropen"), elsewhere("Gateway", "gateway")],
        ),
    ),
    number(
        "Late heartbeat",
        "The worker that has been longest without a heartbeat in the ledger. At the fence (3.5 s) it stops "
        "sending, and another takes over: look at PostgreSQL.",
        worst("paybus_heartbeat_age_seconds", KIND),
        seconds(2.5, 3.5, runbook("Runbook", "paybusworkersfenced"), elsewhere("Runtime", "runtime")),
    ),
    number(
        "Age of figures",
        "How long ago the exporter last read the ledger and Kafka. Red: the figures beside this one are "
        "old, whatever they say. Look at the exporter, the ledger and Kafka.",
        f"time() - min({series('paybus_ledger_read_timestamp_seconds')}"
        f" or {series('paybus_broker_read_timestamp_seconds')})",
        seconds(30, 60, runbook("Runbook", "paybusledgerreadtooold"), elsewhere("Runtime", "runtime")),
    ),
)

OVER_TIME = (
    lines(
        "Money in doubt",
        "The sum of all operations in state unknown, in yuan. A plateau that does not fall when the gateway "
        "is back is money that inquiries do not settle: ask the gateway's operator.",
        [Query(f"{all_chosen('paybus_unknown_amount_fen')} / 100", "in doubt")],
        Look(unit=YUAN, colours={"in doubt": "orange"}),
    ),
    lines(
        "Operations in doubt",
        "How many are unknown. They rise with an outage of the gateway and fall to 0 after it.",
        [Query(total("paybus_operations_open", KIND, MERCHANT_GROUP, _UNKNOWN, by="kind"), "{{kind}}")],
        Look(stacked=True, colours=KINDS),
    ),
    lines(
        "Oldest in doubt",
        "The age of the oldest unknown operation. A straight line upwards is one that nobody answers for.",
        [Query(worst("paybus_unknown_oldest_seconds", MERCHANT_GROUP), "oldest")],
        Look(unit=SECONDS, colours={"oldest": "red"}),
    ),
)
