"""What every dashboard has: variables, links to the others and to the runbooks, rows of panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from deploy.dashboards.panel import PROMETHEUS
from deploy.dashboards.query import MERCHANT_GROUP
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

TAG = "paybus"
RUNBOOKS = "${docs}/operations.md"
DOCS = "https://example.com/paybus/docs"
"""Where docs/ can be read, until somebody says where: the hidden variable `docs` of each dashboard."""

_FOUND = 'resource.service.name=~"paybus-.+"'
_TRACES = quote(
    '{"traces":{"datasource":"${traces}","queries":[{"refId":"A","queryType":"traceql",'
    '"datasource":{"type":"tempo","uid":"${traces}"},"query":"{' + _FOUND.replace('"', '\\"') + '}"}],'
    '"range":{"from":"${__from}","to":"${__to}"}}}',
    safe="${}_",
)
"""Grafana's Explore, asked for the traces of Paybus in the time that is shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading; together they fill whole lines of 24 columns."""

    title: str
    panels: Sequence[Builder[model.Panel]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable that is a label's value: several can be chosen, and all of them are at first."""

    name: str
    label: str
    metric: str
    values_of: str


NAMESPACES = Choice("namespace", "Namespace", "paybus_build_info", "namespace")
OPERATIONS = Choice("operation", "Operation", "paybus_operations_open", "kind")
MERCHANT_GROUPS = Choice("merchant_group", "Merchant group", "paybus_operations_open", "merchant_group")
WHOLE = "These are of all merchants, whichever group is chosen."
"""What a panel says where groups can be chosen and its figures know none."""


def board(
    name: str, title: str, meaning: str, rows: Sequence[Row], *choices: Choice, traces: bool = True
) -> model.Dashboard:
    """Make the dashboard `paybus-NAME`."""
    made = (
        dashboard.Dashboard(f"Paybus / {title}")
        .uid(f"paybus-{name}")
        .description(meaning)
        .tags([TAG])
        .time("now-1h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .link(runbook("Runbooks"))
    )
    for variable in _variables(choices, traces=traces):
        made.with_variable(variable)
    for row in rows:
        made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            made.with_panel(panel)
    return _numbered(_told_apart(made.build()) if MERCHANT_GROUPS in choices else made.build())


def runbook(title: str, chapter: str = "") -> dashboard.DashboardLink:
    """Lead to a chapter of docs/operations.md."""
    place = f"{RUNBOOKS}#{chapter}" if chapter else RUNBOOKS
    return _link(title).url(place).target_blank(target_blank=True)


def elsewhere(title: str, name: str) -> dashboard.DashboardLink:
    """Lead to the dashboard `paybus-NAME`, with the same time and the same choices."""
    return _link(title).url(f"/d/paybus-{name}").keep_time(keep_time=True).include_vars(include_vars=True)


def traces_of_this_time() -> dashboard.DashboardLink:
    """Lead from a point of a panel to the traces of the time that is shown."""
    return _link("Traces of this time").url(f"/explore?schemaVersion=1&panes={_TRACES}")


def _link(title: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).type(model.DashboardLinkType.LINK)


def _others() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("Paybus")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .keep_time(keep_time=True)
        .include_vars(include_vars=True)
    )


def _variables(choices: Sequence[Choice], *, traces: bool) -> Sequence[Builder[model.VariableModel]]:
    hidden = model.VariableHide.HIDE_VARIABLE
    metrics = dashboard.DatasourceVariable("datasource").label("Metrics").type("prometheus")
    store = dashboard.DatasourceVariable("traces").label("Traces").type("tempo")
    docs = dashboard.TextBoxVariable("docs").default_value(DOCS).hide(hidden)
    chosen = [_variable(choice) for choice in (NAMESPACES, *choices)]
    return [metrics, *([store] if traces else []), *chosen, docs]


def _variable(choice: Choice) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(choice.name)
        .label(choice.label)
        .datasource(PROMETHEUS)
        .query(f"label_values({choice.metric}, {choice.values_of})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(model.VariableOption(text="All", value="$__all", selected=True))
    )


def _told_apart(made: model.Dashboard) -> model.Dashboard:
    """Let each panel say that it is of all merchants, unless some of it follows the chosen group."""
    for panel in made.panels or []:
        if isinstance(panel, model.Panel) and not _follows_the_group(panel):
            said = (panel.description or "").removesuffix(WHOLE).rstrip()  # what is built once is told once
            panel.description = f"{said} {WHOLE}"
    return made


def _follows_the_group(panel: model.Panel) -> bool:
    return any(MERCHANT_GROUP in str(getattr(target, "expr", "")) for target in panel.targets or [])


def _numbered(made: model.Dashboard) -> model.Dashboard:
    """Give the panels numbers from 1 on, by which links and alerts know them."""
    for place, panel in enumerate(made.panels or [], start=1):
        panel.id_val = place
    return made
