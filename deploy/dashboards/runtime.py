"""*Runtime*: the processes, whether they live, what they need, and how old their figures are.

Whose process it is, is said by `paybus_build_info` on the same page, whatever targets are called.
"""

from deploy.dashboards.board import Choice, Row, board, elsewhere, runbook
from deploy.dashboards.look import PER_SECOND, SECONDS, SHARE, seconds
from deploy.dashboards.panel import Look, bars, lines, number, rows
from deploy.dashboards.query import Query, age, growth, rate, series, total, worst
from grafana_foundation_sdk.models.dashboard import Dashboard

SERVICES = Choice("service", "Service", "paybus_build_info", "service")

_SERVICE = 'service=~"$service"'
_TARGET = "namespace, job, instance"
_BUILD = series("paybus_build_info", _SERVICE)
_NAMES = f"* on ({_TARGET}) group_left (service) max by ({_TARGET}, service) "
_OURS = f"{_NAMES}({_BUILD})"
_WERE_OURS = f"{_NAMES}(last_over_time({_BUILD}[$__range]))"
"""Of targets that are down as well: they do not say any more who they are."""
_PROCESS = "{{service}} {{instance}}"

_UP = f"{series('up')} {_WERE_OURS}"
_SCRAPED = f"time() - timestamp({_BUILD})"
_FILES = f"({series('process_open_fds')} / {series('process_max_fds')}) {_OURS}"
_MEMORY = f"{series('process_resident_memory_bytes')} {_OURS}"
_UPTIME = f"(time() - {series('process_start_time_seconds')}) {_OURS}"

_NOW = (
    number(
        "Up",
        "Processes that Prometheus reaches.",
        f"sum({_UP})",
        Look(width=3, decimals=0, links=[runbook("Runbook", "paybusserviceabsent")]),
    ),
    number(
        "Down",
        "Processes that served metrics in the time shown, are still expected and cannot be reached.",
        f"count({_UP}) - sum({_UP})",
        Look(width=3, decimals=0, above={"red": 1}, links=[runbook("Runbook", "paybustargetdown")]),
    ),
    number(
        "Versions",
        "How many versions run side by side. More than one is an update; for long it is one that is stuck.",
        f"count(count by (version) ({_BUILD}))",
        Look(width=3, decimals=0, above={"orange": 2}, links=[runbook("Runbook", "paybusbuildskew")]),
    ),
    number(
        "Youngest process",
        "How long the process runs that was started last. Always young: one is started again and again.",
        f"min({_UPTIME})",
        Look(unit=SECONDS, width=3, links=[runbook("Runbook", "paybusrestarting")]),
    ),
    number(
        "Late heartbeat",
        "The worker that has been longest without a heartbeat in the ledger. At the fence (3.5 s) it stops "
        "sending.",
        worst("paybus_heartbeat_age_seconds"),
        seconds(2.5, 3.5, runbook("Runbook", "paybusheartbeatslow")),
    ),
    number(
        "Oldest scrape",
        "How long ago Prometheus last read a process that it reaches.",
        f"max({_SCRAPED})",
        Look(unit=SECONDS, width=3, above={"orange": 60, "red": 300}),
    ),
    number(
        "Fullest of files",
        "Open files and sockets of the process that has the largest part of what it may have. At 100 % it "
        "cannot connect any more.",
        f"max({_FILES})",
        Look(unit=SHARE, width=3, above={"orange": 0.7, "red": 0.9}),
    ),
    number(
        "Broken rules",
        "Rows of the ledger that break one of its rules now. Anything but 0 is a defect.",
        total("paybus_coherence_violations"),
        Look(
            width=3,
            decimals=0,
            above={"red": 1},
            links=[runbook("Runbook", "paybuscoherenceviolated"), elsewhere("Callbacks", "callbacks")],
        ),
    ),
)

_LIVES = (
    lines(
        "Up",
        "1 while Prometheus reaches the process, 0 while it does not.",
        [Query(_UP, _PROCESS)],
        Look(most=1, decimals=0, links=[runbook("Runbook", "paybustargetdown")]),
    ),
    lines(
        "Uptime",
        "How long each process runs. Teeth of a saw are a process that is started again and again.",
        [Query(_UPTIME, _PROCESS)],
        Look(unit=SECONDS, links=[runbook("Runbook", "paybusrestarting")]),
    ),
    rows(
        "What runs",
        "Processes by service and version. During an update both versions are here.",
        Query(f"count by (service, version) ({_BUILD})", "processes"),
        Look(decimals=0),
    ),
)

_NEEDS = (
    lines(
        "CPU",
        "Cores in use. A service runs on one loop: near 1 it is full, and another replica is due.",
        [Query(f"rate({series('process_cpu_seconds_total')}[$__rate_interval]) {_OURS}", _PROCESS)],
        Look(decimals=2, above={"orange": 0.9}),
    ),
    lines(
        "Memory",
        "Resident memory. It follows what a worker holds (PAYBUS_MAX_OPEN); a slope that does not end is a "
        "leak.",
        [Query(_MEMORY, _PROCESS)],
        Look(unit="bytes"),
    ),
    lines(
        "Open files",
        "Open files and sockets as a part of what the process may have.",
        [Query(_FILES, _PROCESS)],
        Look(unit=SHARE, above={"red": 0.9}),
    ),
)

_AGES = (
    lines(
        "Age of heartbeats",
        "Since each worker's last heartbeat in the ledger. At 3.5 s it stops sending, at 5 s others take "
        "over: PostgreSQL is slow, or the worker's loop is.",
        [Query(worst("paybus_heartbeat_age_seconds", by="kind, instance"), "{{kind}} {{instance}}")],
        Look(unit=SECONDS, width=6, above={"red": 3.5}, links=[runbook("Runbook", "paybusheartbeatslow")]),
    ),
    lines(
        "Age of figures",
        "How long ago each source was read. Above 60 s the figures of all dashboards are old, whatever they "
        "say.",
        [
            Query(age("paybus_ledger_read_timestamp_seconds"), "ledger"),
            Query(age("paybus_broker_read_timestamp_seconds", 'subject="records"'), "Kafka, records"),
            Query(age("paybus_broker_read_timestamp_seconds", 'subject="lag"'), "Kafka, lag"),
            Query(age("paybus_coherence_timestamp_seconds"), "ledger's rules"),
        ],
        Look(unit=SECONDS, width=6, above={"red": 60}, links=[runbook("Runbook", "paybusledgerreadtooold")]),
    ),
    lines(
        "Time of a scrape",
        "How long Prometheus waits for a page. Slow pages are a loop that is busy.",
        [Query(f"{series('scrape_duration_seconds')} {_WERE_OURS}", _PROCESS)],
        Look(unit=SECONDS, width=6),
    ),
    bars(
        "Ledger's rules",
        "Rows that break each rule now (docs/reconciliation.md). Anything but 0 is a defect.",
        Query(worst("paybus_coherence_violations", by="check"), "{{check}}"),
        Look(width=6, decimals=0, above={"red": 1}, links=[runbook("Runbook", "paybuscoherenceviolated")]),
    ),
)

_SPANS = "paybus_spans_total"
_LOST = growth(_SPANS, 'result!="exported"', by=_TARGET)
_TRACES = (
    lines(
        "Spans",
        "Spans of kept traces, a second: exported are in the collector, failed it did not take, dropped "
        "found too many that waited. All 0 where no collector is set.",
        [Query(rate(_SPANS, by="result"), "{{result}}")],
        Look(
            unit=PER_SECOND,
            width=12,
            stacked=True,
            colours={"exported": "green", "failed": "red", "dropped": "orange"},
        ),
    ),
    lines(
        "Spans that are lost",
        "Failed and dropped in the time shown. Traces have holes, nothing else suffers. One process alone "
        "cannot reach the collector; all of them: it is away, or the sampler keeps too much.",
        [Query(f"{_LOST} {_OURS}", _PROCESS)],
        Look(width=12, decimals=0),
    ),
)


def runtime() -> Dashboard:
    """Make the dashboard."""
    return board(
        "runtime",
        "Runtime",
        "The processes: whether they live, what they need, and how old their figures are.",
        [
            Row("Does everything run?", _NOW),
            Row("Processes", _LIVES),
            Row("What they need", _NEEDS),
            Row("How old figures are", _AGES),
            Row("Traces", _TRACES),
        ],
        SERVICES,
        traces=False,
    )
