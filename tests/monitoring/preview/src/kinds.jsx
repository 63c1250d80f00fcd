// The kinds of panel, each drawn with the component that Grafana draws it with.
import { VizOrientation } from "@grafana/data";
import { BarGauge, BigValue, Table, TimeSeries } from "@grafana/ui";
import { Density } from "./density.jsx";
import { markExemplars } from "./exemplars.js";

const ROW = 32;

function Nothing({ panel }) {
  return <div className="nothing">{panel.fieldConfig.defaults.noValue}</div>;
}

function Lines({ panel, frames, exemplars, size, timeRange }) {
  return (
    <TimeSeries frames={frames} {...size} timeRange={timeRange} timeZone="utc" legend={panel.options.legend}>
      {(builder) => markExemplars(builder, exemplars)}
    </TimeSeries>
  );
}

function NumberNow({ panel, frames, size, theme }) {
  const field = frames[0]?.fields[1];
  const value = field ? field.display(field.values.at(-1)) : { text: panel.fieldConfig.defaults.noValue, numeric: NaN };
  const { colorMode, graphMode, justifyMode } = panel.options;
  return <BigValue {...size} value={value} {...{ colorMode, graphMode, justifyMode, theme }} textMode="value" />;
}

function Bars({ panel, frames, size, theme }) {
  const fields = frames.map((frame) => frame.fields[1]);
  const most = Math.max(...fields.map((field) => field.values.at(-1)), 1);
  const height = Math.min(ROW, size.height / fields.length - 4);
  const { displayMode, valueMode, showUnfilled } = panel.options;
  return fields.map((field) => (
    <div key={field.name} style={{ marginBottom: 4 }}>
      <BarGauge
        width={size.width} height={height} theme={theme} orientation={VizOrientation.Horizontal}
        field={{ ...field.config, max: field.config.max ?? most }} display={field.display}
        value={{ ...field.display(field.values.at(-1)), title: field.name }}
        {...{ displayMode, showUnfilled }} valueDisplayMode={valueMode} itemSpacing={4}
        alignmentFactors={{ title: longest(fields.map((one) => one.name)), text: "00000" }}
      />
    </div>
  ));
}

function longest(names) {
  return names.reduce((one, other) => (other.length > one.length ? other : one), "");
}

function Rows({ panel, frames, size }) {
  const sortBy = [{ displayName: frames[0].fields.at(-1).name, desc: true }];
  return <Table data={frames[0]} {...size} cellHeight={panel.options.cellHeight} initialSortBy={sortBy} />;
}

export const KINDS = { timeseries: Lines, stat: NumberNow, bargauge: Bars, table: Rows, heatmap: Density };

export function Body(props) {
  const Kind = KINDS[props.panel.type];
  const empty = props.frames.length === 0 && (!Kind || props.panel.type !== "stat");
  return empty ? <Nothing panel={props.panel} /> : <Kind {...props} />;
}
