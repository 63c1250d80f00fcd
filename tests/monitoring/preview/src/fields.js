// What a panel says about its fields, put on the fields: unit, colours, thresholds, overrides by name.
import { getDisplayProcessor } from "@grafana/data";

export function dress(frames, panel, theme) {
  return frames.map((frame, place) => ({
    ...frame,
    fields: frame.fields.map((field) => dressed(field, panel, theme, place)),
  }));
}

function dressed(field, panel, theme, seriesIndex) {
  const { defaults, overrides } = panel.fieldConfig;
  const name = renamed(field.name, panel);
  const own = overrides.filter((one) => one.matcher.id === "byName" && one.matcher.options === name);
  const special = Object.fromEntries(own.flatMap((one) => one.properties).map((one) => [one.id, one.value]));
  const numeric = field.type === "number";
  const config = { ...(numeric ? defaults : {}), ...special, links: [], displayNameFromDS: name };
  config.custom = { ...defaults.custom, width: special["custom.width"] };
  const made = { ...field, name, config, state: { displayName: name, seriesIndex }, getLinks: () => [] };
  made.display = getDisplayProcessor({ field: made, theme, timeZone: "utc" });
  return made;
}

function renamed(name, panel) {
  const organize = (panel.transformations ?? []).find((one) => one.id === "organize");
  return organize?.options.renameByName[name] ?? name;
}
