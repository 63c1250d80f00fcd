// A panel's queries, put to a real Prometheus; each answer becomes data frames as Grafana's datasource makes them.
import { FieldType } from "@grafana/data";
import { interpolate, legend } from "./variables.js";

async function get(scene, path, parameters) {
  const answer = await fetch(`${scene.prometheus}${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error);
  return body.data;
}

export async function ask(target, scene) {
  const query = interpolate(target.expr, scene);
  if (target.instant) {
    const data = await get(scene, "/api/v1/query", { query, time: scene.to });
    const found = data.resultType === "scalar" ? [{ metric: {}, value: data.result }] : data.result;
    return target.format === "table" ? table(found) : found.map((one) => frame(target, one.metric, [one.value]));
  }
  const { from, to, step } = scene;
  const data = await get(scene, "/api/v1/query_range", { query, start: from, end: to, step });
  return data.result.map((one) => frame(target, one.metric, withGaps(one.values, scene)));
}

export async function askExemplars(target, scene) {
  if (!target.exemplar) return [];
  const query = interpolate(target.expr, scene);
  const data = await get(scene, "/api/v1/query_exemplars", { query, start: scene.from, end: scene.to });
  return data.flatMap((one) => one.exemplars).map((one) => ({ at: one.timestamp * 1000, value: Number(one.value) }));
}

// Where Prometheus has nothing, there is a gap and no line across it.
function withGaps(values, { from, to, step }) {
  const known = new Map(values.map(([at, value]) => [Math.round((at - from) / step), value]));
  const places = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, place) => place);
  return places.map((place) => [from + place * step, known.get(place) ?? null]);
}

function frame(target, labels, values) {
  const name = legend(target.legendFormat, labels);
  return {
    refId: target.refId,
    length: values.length,
    fields: [
      { name: "Time", type: FieldType.time, config: {}, values: values.map(([at]) => at * 1000) },
      { name, type: FieldType.number, config: {}, labels, values: values.map(([, value]) => number(value)) },
    ],
  };
}

function table(found) {
  const labels = [...new Set(found.flatMap((one) => Object.keys(one.metric)))];
  const columns = labels.map((label) => ({
    name: label,
    type: FieldType.string,
    config: {},
    values: found.map((one) => one.metric[label] ?? ""),
  }));
  const values = found.map((one) => number(one.value[1]));
  const fields = [...columns, { name: "Value", type: FieldType.number, config: {}, values }];
  return found.length ? [{ length: found.length, fields }] : [];
}

function number(text) {
  return text === null || text === "NaN" ? null : Number(text);
}
