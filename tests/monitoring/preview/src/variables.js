// Dashboard variables and legends as Grafana puts them in: all values chosen, one rate interval.

export function interpolate(text, { from, to, rateSeconds }) {
  const known = {
    __rate_interval: `${rateSeconds}s`,
    __range: `${Math.ceil(to - from)}s`,
    namespace: ".*",
    operation: ".*",
    merchant_group: ".*",
    request: ".*",
    service: ".*",
  };
  return text.replace(/\$\{?(\w+)\}?/g, (whole, name) => {
    if (!(name in known)) throw new Error(`$${name} is not known`);
    return known[name];
  });
}

export function legend(format, labels) {
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
}
