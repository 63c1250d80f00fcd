// Exemplars as Grafana marks them: a small diamond at the time and the value of each.

const HALF = 4;
const COLOUR = "rgba(110, 159, 255, 0.9)";

export function markExemplars(builder, exemplars) {
  builder.addHook("draw", (u) => {
    const { scale } = u.series[1]; // uPlot's own "y" is there as well, and has no range
    u.ctx.save();
    u.ctx.fillStyle = COLOUR;
    for (const { at, value } of exemplars) mark(u, u.valToPos(at, "x", true), u.valToPos(value, scale, true));
    u.ctx.restore();
  });
  return null;
}

function mark(u, x, y) {
  const { left, top, width, height } = u.bbox;
  if (x < left || x > left + width || y < top || y > top + height) return;
  const half = HALF * devicePixelRatio;
  u.ctx.beginPath();
  u.ctx.moveTo(x, y - half);
  u.ctx.lineTo(x + half, y);
  u.ctx.lineTo(x, y + half);
  u.ctx.lineTo(x - half, y);
  u.ctx.fill();
}
