// A heatmap on Grafana's plot and axes; its own panel is part of Grafana's application and not of its components.
import { formattedValueToString } from "@grafana/data";
import { UPlotChart, UPlotConfigBuilder } from "@grafana/ui";
import { useMemo } from "react";

const LIGHTEST = [45, 34, 22];
const DARKEST = [255, 152, 48];

export function Density({ panel, frames, size, timeRange, theme }) {
  const rows = useMemo(() => bands(frames), [frames]);
  const times = frames[0].fields[0].values;
  const config = useMemo(() => configured(panel, rows, times, timeRange, theme), [rows]);
  const data = [times, times.map(() => 0)];
  return <UPlotChart config={config} data={data} width={size.width} height={size.height} />;
}

// Prometheus counts all up to a bound; a band has those between two of them.
function bands(frames) {
  const bound = (frame) => (frame.fields[1].labels.le === "+Inf" ? Infinity : Number(frame.fields[1].labels.le));
  const sorted = [...frames].sort((one, other) => bound(one) - bound(other));
  const counts = (place) => sorted[place].fields[1].values;
  return sorted.map((frame, place) => ({
    bound: bound(frame),
    display: frame.fields[1].display,
    values: counts(place).map((value, at) => (place ? value - counts(place - 1)[at] : value)),
  }));
}

function configured(panel, rows, times, timeRange, theme) {
  const builder = new UPlotConfigBuilder("utc");
  const name = (place) => {
    const row = rows[Math.round(place) - 1];
    return row ? (row.bound === Infinity ? "more" : formattedValueToString(row.display(row.bound))) : "";
  };
  builder.addScale({
    scaleKey: "x", isTime: true, orientation: 0, direction: 1,
    range: () => [timeRange.from.valueOf(), timeRange.to.valueOf()],
  });
  builder.addScale({ scaleKey: "y", isTime: false, orientation: 1, direction: 1, range: () => [0, rows.length] });
  builder.addAxis({ scaleKey: "x", isTime: true, placement: "bottom", timeZone: "utc", theme });
  builder.addAxis({
    scaleKey: "y", isTime: false, placement: "left", theme, grid: { show: false },
    splits: () => rows.map((_, place) => place + 1).filter((place) => place % 2 === 0),
    formatValue: name,
  });
  builder.addSeries({ scaleKey: "y", show: false, theme, pathBuilder: () => null, pointsFilter: () => [] });
  builder.addHook("draw", (u) => paint(u, panel, rows, times));
  return builder;
}

function paint(u, panel, rows, times) {
  const most = Math.max(...rows.flatMap((row) => row.values));
  const { exponent } = panel.options.color;
  const gap = panel.options.cellGap;
  u.ctx.save();
  rows.forEach((row, place) => {
    row.values.forEach((value, at) => {
      if (at === 0 || !(value > panel.options.filterValues.le)) return;
      const [left, right] = [u.valToPos(times[at - 1], "x", true), u.valToPos(times[at], "x", true)];
      const [top, bottom] = [u.valToPos(place + 1, "y", true), u.valToPos(place, "y", true)];
      u.ctx.fillStyle = shade((value / most) ** exponent);
      u.ctx.fillRect(left, top + gap, right - left - gap, bottom - top - gap);
    });
  });
  u.ctx.restore();
}

function shade(part) {
  const [red, green, blue] = LIGHTEST.map((low, place) => Math.round(low + (DARKEST[place] - low) * part));
  return `rgb(${red}, ${green}, ${blue})`;
}
