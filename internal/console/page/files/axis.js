// The axis of time: each attempt begins at its left end. It is logarithmic, since a request takes from 0.1 ms to 5 s.
import { h } from "./dom.js";
import { ms } from "./format.js";

const end = 6500; // milliseconds

// position is the place of a time on the axis, from 0 to 100.
export const position = (time) => 100 * Math.log1p(Math.min(Math.max(time, 0), end) / 0.5) / Math.log1p(end / 0.5);

const ticks = [[1, "1 ms"], [10, "10 ms"], [100, "100 ms"], [1000, "1 s"], [5000, "5 s"]];

export const hangsUp = 5000;

// scale is the heading of all axes.
export function scale() {
  return h("div", { class: "axis scale", "aria-hidden": "true" }, ticks.map(([time, text]) =>
    h("span", { class: time === hangsUp ? "limit" : null, style: { left: `${position(time)}%` } }, text)));
}

// grid has the lines of the ticks, for the background of an axis.
const grid = ticks.map(([time]) => [time, `${position(time)}%`]);

// lane draws an attempt and what belongs to it.
export function lane(attempt, steps) {
  const start = attempt?.start_ms ?? 0;
  const length = attempt?.done ? attempt.ms : attempt ? 0 : Math.max(0, ...steps.map((s) => s.start_ms + s.ms));
  return h("span", { class: attempt && !attempt.done ? "lane open" : "lane" },
    grid.map(([time, left]) => h("i", { class: time === hangsUp ? "tick limit" : "tick", style: { left } })),
    h("i", { class: `span ${attempt?.error ? "bad" : ""}`, style: { left: 0, width: `${position(length)}%` } }),
    steps.map((s) => mark(s, start)));
}

// stepLane draws one step.
export const stepLane = (s, start) => h("span", { class: "lane" },
  grid.map(([time, left]) => h("i", { class: time === hangsUp ? "tick limit" : "tick", style: { left } })), mark(s, start));

function mark(s, start) {
  const left = position(s.start_ms - start);
  const right = position(s.start_ms - start + s.ms);
  return h("i", { class: `mark ${sort(s)} ${s.failed ? "bad" : ""}`, style: { left: `${left}%`, width: `${right - left}%` } });
}

// sort is the kind of a step, with reads and writes apart.
export const sort = (s) => (s.kind === "table" ? (s.write ? "write" : "read") : s.kind);

export const length = (a) => (a.done ? ms(a.ms) : "…");
