"""The five kinds of panel, each in the house's look. What they show is said in words: none is without them.

A single figure is asked for at this moment alone: one that nobody serves any more is called so, and not
shown as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from deploy.dashboards.query import Query
from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heat_model
from grafana_foundation_sdk.models import prometheus as prometheus_model

NOBODY = "nobody serves it"
PROMETHEUS = kinds.DataSourceRef(type_val="prometheus", uid="${datasource}")
VALUE_WIDTH = 100
"""Pixels; the labels of a table get the rest."""
TALL, LOW = 8, 4
"""Heights on the grid: of a picture, and of a number."""

_Panel = TypeVar("_Panel", timeseries.Panel, stat.Panel, bargauge.Panel, table.Panel, heatmap.Panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How figures are shown.

    `nothing` stands where there is no figure, `above` gives colours that begin at a value, `colours` those
    of series by name, `links` where a panel leads to, `data_links` where one of its points does.
    """

    unit: str = "short"
    width: int = 8
    decimals: float | None = None
    most: float | None = None
    nothing: str = NOBODY
    stacked: bool = False
    above: Mapping[str, float] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[dashboard.DashboardLink] = ()
    data_links: Sequence[dashboard.DashboardLink] = ()


def number(title: str, meaning: str, expression: str, look: Look) -> stat.Panel:
    """Show one figure as it is at this moment, on the colour that it deserves."""
    panel = (
        stat.Panel()
        .height(LOW)
        .color_mode(kinds.BigValueColorMode.BACKGROUND if look.above else kinds.BigValueColorMode.NONE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["last"]))
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    )
    return _filled(panel, title, meaning, [_target(Query(expression, title), instant=True)], look)


def lines(title: str, meaning: str, queries: Sequence[Query], look: Look) -> timeseries.Panel:
    """Show figures over time, with their names below."""
    panel = (
        timeseries.Panel()
        .height(TALL)
        .legend(_legend())
        .tooltip(
            common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)
        )
        .line_width(1 if look.stacked else 2)
        .fill_opacity(_opacity(queries, look))
        .show_points(kinds.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
        .stacking(common.StackingConfig().mode(_stacking(look)).group("A"))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(_threshold_lines(look)))
    )
    for name, colour in look.colours.items():
        fixed = {"mode": model.FieldColorModeId.FIXED.value, "fixedColor": colour}
        panel.override_by_name(name, [model.DynamicConfigValue("color", fixed)])
    if look.unit != "bytes":
        panel.axis_soft_max(1)  # without it a line of nothing but 0 lies on an axis up to 100
    return _filled(panel, title, meaning, [_target(query) for query in queries], look)


def density(title: str, meaning: str, query: Query, look: Look) -> heatmap.Panel:
    """Show how many took how long, over time: a second hump is seen that no quantile shows."""
    colours = (
        heatmap.HeatmapColorOptions()
        .mode(heat_model.HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .exponent(0.5)
        .steps(64)
        .reverse(reverse=False)
    )
    panel = heatmap.Panel().height(TALL).color(colours).calculate(calculate=False).cell_gap(1)
    panel.y_axis(heatmap.YAxisConfig().unit(look.unit).decimals(2).axis_placement(kinds.AxisPlacement.LEFT))
    panel.show_legend()
    return _filled(
        panel, title, meaning, [_target(query, form=prometheus_model.PromQueryFormat.HEATMAP)], look
    )


def bars(title: str, meaning: str, query: Query, look: Look) -> bargauge.Panel:
    """Show the greatest of some figures as bars, each with its name."""
    panel = (
        bargauge.Panel()
        .height(TALL)
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.BASIC)
        .value_mode(kinds.BarGaugeValueMode.TEXT)
        .reduce_options(common.ReduceDataOptions().calcs(["last"]))
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    )
    return _filled(panel, title, meaning, [_target(query, instant=True)], look)


def rows(title: str, meaning: str, query: Query, look: Look) -> table.Panel:
    """Show series as the rows of a table: their labels, and their value under the query's name."""
    tidy = model.DataTransformerConfig(
        id_val="organize",
        options={"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {"Value": query.name}},
    )
    panel = table.Panel().height(TALL).cell_height(kinds.TableCellHeight.SM).show_header(show_header=True)
    panel.with_transformation(tidy)
    panel.override_by_name(query.name, [model.DynamicConfigValue("custom.width", VALUE_WIDTH)])
    form = prometheus_model.PromQueryFormat.TABLE
    return _filled(panel, title, meaning, [_target(query, instant=True, form=form)], look)


def _filled(
    panel: _Panel, title: str, meaning: str, targets: Sequence[prometheus.Dataquery], look: Look
) -> _Panel:
    for ref_id, target in zip("ABCDEFGH", targets, strict=False):
        panel.with_target(target.ref_id(ref_id))
    panel.title(title).description(meaning).datasource(PROMETHEUS).span(look.width)
    panel.unit(look.unit).min(0).no_value(look.nothing).thresholds(_thresholds(look))
    panel.links(list(look.links)).data_links(list(look.data_links))
    if look.decimals is not None:
        panel.decimals(look.decimals)
    if look.most is not None:
        panel.max(look.most)
    return panel


def _target(
    query: Query,
    *,
    instant: bool = False,
    form: prometheus_model.PromQueryFormat = prometheus_model.PromQueryFormat.TIME_SERIES,
) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery()
        .datasource(PROMETHEUS)
        .editor_mode(prometheus_model.QueryEditorMode.CODE)
        .expr(query.expression)
        .legend_format(query.name)
        .format(form)
    )
    if query.exemplars:
        target.exemplar(exemplar=True)
    return target.instant() if instant else target.range()


def _opacity(queries: Sequence[Query], look: Look) -> float:
    """Fill what is stacked, and what is alone: many areas over each other are a grey one."""
    alone = len(queries) == 1 and "{{" not in queries[0].name
    return 60 if look.stacked else 12 if alone else 0


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.BOTTOM)
        .calcs([])
    )


def _stacking(look: Look) -> kinds.StackingMode:
    return kinds.StackingMode.NORMAL if look.stacked else kinds.StackingMode.NONE


def _threshold_lines(look: Look) -> kinds.GraphThresholdsStyleMode:
    return kinds.GraphThresholdsStyleMode.DASHED if look.above else kinds.GraphThresholdsStyleMode.OFF


def _thresholds(look: Look) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=None, color="green" if look.above else "blue")]
    steps += [model.Threshold(value=value, color=colour) for colour, value in look.above.items()]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)
