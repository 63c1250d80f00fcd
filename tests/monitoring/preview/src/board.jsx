// One dashboard on Grafana's grid of 24 columns; `window.drawn` says at last what each panel had to draw.
import { dateTime } from "@grafana/data";
import { PanelChrome, useTheme2 } from "@grafana/ui";
import { useEffect, useState } from "react";
import { dress } from "./fields.js";
import { Body, KINDS } from "./kinds.jsx";
import { ask, askExemplars } from "./prometheus.js";

const CELL = 30;
const GAP = 8;
const PADDING = 16;

async function load(panel, scene) {
  const targets = panel.targets ?? [];
  try {
    if (!(panel.type in { ...KINDS, row: null })) throw new Error(`no component for ${panel.type}`);
    const answers = await Promise.all(targets.map((target) => ask(target, scene)));
    const exemplars = await Promise.all(targets.map((target) => askExemplars(target, scene)));
    return { panel, frames: answers.flat(), exemplars: exemplars.flat(), error: null };
  } catch (error) {
    return { panel, frames: [], exemplars: [], error: String(error.message) };
  }
}

function hasValue(frame) {
  return frame.fields.at(-1).values.some((value) => value !== null);
}

function placed(grid, width) {
  const column = (width + GAP) / 24;
  return {
    left: grid.x * column,
    top: grid.y * (CELL + GAP),
    width: grid.w * column - GAP,
    height: grid.h * (CELL + GAP) - GAP,
  };
}

function Panel({ loaded, scene, width }) {
  const theme = useTheme2();
  const { panel, exemplars, error } = loaded;
  const box = placed(panel.gridPos, width);
  const style = { position: "absolute", ...box };
  if (panel.type === "row") return <h2 style={style}>{panel.title}</h2>;
  const frames = dress(loaded.frames, panel, theme);
  const from = dateTime(scene.from * 1000);
  const to = dateTime(scene.to * 1000);
  const timeRange = { from, to, raw: { from, to } };
  return (
    <div style={style}>
      <PanelChrome
        width={box.width} height={box.height} title={panel.title} description={panel.description}
        statusMessage={error ?? undefined}
      >
        {(w, h) => <Body {...{ panel, frames, exemplars, theme, timeRange }} size={{ width: w, height: h }} />}
      </PanelChrome>
    </div>
  );
}

export function Board({ scene }) {
  const [state, setState] = useState(null);
  useEffect(() => {
    (async () => {
      const board = await (await fetch(scene.dashboard)).json();
      const panels = await Promise.all(board.panels.map((panel) => load(panel, scene)));
      setState({ board, panels });
    })();
  }, []);
  useEffect(() => {
    if (!state) return;
    const told = ({ panel, frames, error }) => ({ title: panel.title, series: frames.filter(hasValue).length, error });
    window.drawn = state.panels.filter(({ panel }) => panel.type !== "row").map(told);
  }, [state]);
  if (!state) return null;
  const width = document.body.clientWidth - 2 * PADDING;
  const bottom = Math.max(...state.board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return (
    <main style={{ padding: PADDING }}>
      <h1>
        {state.board.title}
        <small>drawn with Grafana's components</small>
      </h1>
      <div style={{ position: "relative", height: bottom * (CELL + GAP) }}>
        {state.panels.map((loaded) => (
          <Panel key={loaded.panel.id} {...{ loaded, scene, width }} />
        ))}
      </div>
    </main>
  );
}
