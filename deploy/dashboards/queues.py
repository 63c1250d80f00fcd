"""*Queues*: what waits between Kafka, the ledger and the gateway, and whether it moves."""

from deploy.dashboards.board import OPERATIONS, Row, board, elsewhere, runbook
from deploy.dashboards.look import DENSITY, FATES, KINDS, LATENCY, PER_SECOND, SECONDS, STATES, seconds
from deploy.dashboards.panel import Look, density, lines, number, rows
from deploy.dashboards.query import KIND, TOPIC, Query, buckets, growth, quantiles, rate, total, worst
from grafana_foundation_sdk.models.dashboard import Dashboard

_LAG = "paybus_intake_lag_seconds"

_NOW = (
    number(
        "Commands in Kafka",
        "Commands that no worker has taken on. A full worker leaves them there on purpose; see *Held*.",
        total("paybus_consumer_lag_records", TOPIC),
        Look(width=3, decimals=0, above={"orange": 1000}, links=[runbook("Runbook", "paybuslagold")]),
    ),
    number(
        "Oldest in Kafka",
        "The age of the oldest of them. Old with few commands: a worker is stuck or down.",
        worst("paybus_consumer_lag_seconds", TOPIC),
        seconds(15, 60, runbook("Runbook", "paybusconsumerstalled")),
    ),
    number(
        "Held",
        "Operations that workers have in hand. At PAYBUS_MAX_OPEN a worker takes no more from Kafka.",
        total("paybus_operations_held", KIND),
        Look(width=3, decimals=0),
    ),
    number(
        "In flight",
        "Calls at the gateway now. At PAYBUS_IN_FLIGHT for long: the gateway is slow, or another replica is "
        "due.",
        total("paybus_operations_in_flight", KIND),
        Look(width=3, decimals=0, links=[elsewhere("Gateway", "gateway")]),
    ),
    number(
        "Events not told",
        "Events that are decided and not on Kafka yet. Growing: the notifier is down, or Kafka refuses.",
        worst("paybus_outbox_pending"),
        Look(width=3, decimals=0, above={"orange": 1000}, links=[runbook("Runbook", "paybusoutboxstuck")]),
    ),
    number(
        "Oldest event",
        "The age of the oldest of them. Others hear late by this much.",
        worst("paybus_outbox_oldest_seconds"),
        seconds(10, 60, runbook("Runbook", "paybusoutboxold")),
    ),
    number(
        "Dead letters",
        "Records of the time shown that could not become commands: nobody will answer them. `paybus dlq "
        "list` shows them, their producer has to be told.",
        growth("paybus_dead_letters_total", TOPIC),
        Look(width=3, decimals=0, above={"orange": 0.5}, links=[runbook("Runbook", "paybusdeadletters")]),
    ),
    number(
        "Rebalances",
        "How often workers were given partitions anew in the time shown. Some at each update; a steady "
        "number is a worker that comes and goes.",
        growth("paybus_rebalances_total", KIND),
        Look(width=3, decimals=0, links=[runbook("Runbook", "paybusrestarting")]),
    ),
)

_INTAKE = (
    lines(
        "Lag: commands",
        "Commands of each topic that no worker has taken on. A hill after an outage is worked off; a slope "
        "that does not end is too few workers.",
        [Query(total("paybus_consumer_lag_records", TOPIC, by="topic"), "{{topic}}")],
        Look(),
    ),
    lines(
        "Lag: age of the oldest",
        "How long the oldest of them waits. A straight line upwards is a topic that nobody reads.",
        [Query(worst("paybus_consumer_lag_seconds", TOPIC, by="topic"), "{{topic}}")],
        Look(unit=SECONDS, above={"red": 60}),
    ),
    lines(
        "Partitions by worker",
        "How many partitions the workers of each operation read together, and how often they were divided "
        "anew. Fewer than the topic has: some are read by nobody.",
        [
            Query(total("paybus_partitions_assigned", KIND, by="kind"), "{{kind}}"),
            Query(growth("paybus_rebalances_total", KIND), "rebalances"),
        ],
        Look(colours={**KINDS, "rebalances": "red"}),
    ),
    lines(
        "Intake by fate",
        "Records from Kafka, a second. Duplicates cost no call; a burst of them is a producer that repeats. "
        "Rejected and dead letters: tell their producer.",
        [Query(rate("paybus_intake_records_total", KIND, by="result"), "{{result}}")],
        Look(unit=PER_SECOND, stacked=True, colours=FATES),
    ),
    lines(
        "From asked to accepted",
        "From a command's time to its row in the ledger. Slow here: it is lost before us or in our intake, "
        "not at the gateway.",
        quantiles(_LAG, KIND),
        LATENCY,
    ),
    density(
        "How long until accepted",
        "How many commands a second were how old when they were accepted.",
        buckets(_LAG, KIND),
        DENSITY,
    ),
)

_WORK = (
    lines(
        "Open operations",
        "Operations of all merchants without a final answer, by state. Ready that grows is a worker that "
        "does not send.",
        [Query(total("paybus_operations_open", KIND, by="state"), "{{state}}")],
        Look(stacked=True, colours=STATES),
    ),
    lines(
        "Held by workers",
        "What workers have in hand, by operation. Flat at PAYBUS_MAX_OPEN: full, and the rest waits in "
        "Kafka.",
        [Query(total("paybus_operations_held", KIND, by="kind"), "{{kind}}")],
        Look(colours=KINDS),
    ),
    lines(
        "In flight at the gateway",
        "Calls that wait for their answer. Flat at PAYBUS_IN_FLIGHT: the gateway is slow, or another "
        "replica is due.",
        [Query(total("paybus_operations_in_flight", KIND, by="kind"), "{{kind}}")],
        Look(colours=KINDS, links=[elsewhere("Gateway", "gateway")]),
    ),
)

_OUT = (
    lines(
        "Outbox: events",
        "Events that are decided and not on Kafka yet. Nothing is lost while they wait.",
        [Query(worst("paybus_outbox_pending"), "events")],
        Look(colours={"events": "blue"}),
    ),
    lines(
        "Outbox: age of the oldest",
        "By how much others hear late. A straight line upwards: the notifier is down, or Kafka refuses.",
        [Query(worst("paybus_outbox_oldest_seconds"), "oldest")],
        Look(unit=SECONDS, above={"red": 60}, colours={"oldest": "orange"}),
    ),
    rows(
        "Dead letters by reason",
        "Records of the time shown that could not become commands, by topic and reason. `paybus dlq list` "
        "shows them.",
        Query(f"sort_desc({growth('paybus_dead_letters_total', TOPIC, by='topic, reason')})", "records"),
        Look(decimals=0, links=[runbook("Runbook", "paybusdeadletters")]),
    ),
)


def queues() -> Dashboard:
    """Make the dashboard."""
    return board(
        "queues",
        "Queues",
        "What waits between Kafka, the ledger and the gateway, and whether it moves.",
        [
            Row("Does anything stand still?", _NOW),
            Row("From Kafka into the ledger", _INTAKE),
            Row("From the ledger to the gateway", _WORK),
            Row("Out to Kafka, and put aside", _OUT),
        ],
        OPERATIONS,
        traces=False,
    )
