// The timeline: a row for each item, and below the selected one a row for each of its steps.
import { h, icon, button, eachFrame } from "./dom.js";
import { t, translated } from "./text.js";
import { act, earlier, on, select, store } from "./store.js";
import { length, lane, scale, sort, stepLane } from "./axis.js";
import { clockTime, day, heading, hue, ms, outcome, result, span, who } from "./format.js";

// shown is how many rows there are at once: more would slow the page down. Earlier ones come by a button.
const shown = 200;

let wanted = ""; // the filter

const matches = (item) => !wanted || `${heading(item)} ${outcome(item)} ${who(item.openid)} ${item.openid ?? ""} ${item.decided?.route ?? ""} ${item.decided?.rule ?? ""}`.toLowerCase().includes(wanted);

export function timeline() {
  const rows = new Map(); // by id
  let extra = 0; // how many more the button has asked for
  const list = h("ol", { class: "rows" });
  const empty = h("div", { class: "empty" }, h("strong", null, t("emptyTimeline")), h("p", null, t("emptyTimelineHint")),
    h("pre", { tabindex: "0" }, h("code", null, `bin/guanzhu push --follow --url ${location.origin}/login/wechat`)));
  const before = button({ class: "earlier", text: t("earlier"), hidden: true }, async () => {
    extra += shown;
    if (store.more && extra + shown > store.items.size) await act(earlier);
    draw();
  });
  const scroller = h("div", { class: "scroller" }, before, empty, list);
  const latest = button({ class: "latest", name: "down", text: t("latest"), hidden: true }, () => { scroller.scrollTop = scroller.scrollHeight; });
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  scroller.addEventListener("scroll", () => { latest.hidden = atEnd(); }, { passive: true });

  const filter = h("input", { type: "search", placeholder: t("filter"), "aria-label": t("filter"), oninput: () => {
    wanted = filter.value.trim().toLowerCase();
    redraw(null);
  } });

  let dirty = new Set();
  const draw = eachFrame(() => {
    const stick = atEnd();
    const all = [...store.items.values()].filter(matches);
    const visible = all.slice(-(shown + extra));
    const keep = new Set(visible.map((i) => i.id));
    for (const [id, row] of rows) {
      if (keep.has(id) && !dirty.has(id)) continue;
      if (!keep.has(id)) row.remove();
      rows.delete(id);
    }
    let previous = null;
    let last = null; // the element before
    for (const item of visible) {
      let row = rows.get(item.id);
      if (!row) {
        const old = list.querySelector(`:scope > [data-id="${item.id}"]`);
        const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.part : undefined;
        row = rowOf(item, previous);
        if (old) old.replaceWith(row);
        else if (last) last.after(row);
        else list.prepend(row);
        if (focused !== undefined) row.querySelector(`[data-part="${focused}"]`)?.focus();
        rows.set(item.id, row);
      }
      previous = item;
      last = row;
    }
    dirty = new Set();
    empty.hidden = store.items.size > 0;
    before.hidden = all.length <= visible.length && !store.more;
    if (stick) scroller.scrollTop = scroller.scrollHeight;
  });

  const redraw = (ids) => {
    for (const id of ids ?? rows.keys()) dirty.add(id);
    draw();
  };
  on("items", redraw);

  let open = null;
  on("selected", () => {
    const ids = [open, store.selected?.id].filter((id) => id && rows.has(id));
    const came = open !== store.selected?.id;
    open = store.selected?.id ?? null;
    redraw(ids);
    if (came && open) requestAnimationFrame(() => requestAnimationFrame(() => rows.get(open)?.scrollIntoView({ block: "nearest" })));
  });
  on("state", eachFrame(() => { // names may have changed
    const names = store.state.followers.map((f) => f.openid + f.name).join();
    if (names !== draw.names) redraw(null);
    draw.names = names;
  }));

  list.addEventListener("keydown", (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[e.key];
    if (e.key === "Escape") select(null);
    if (!step) return;
    e.preventDefault();
    const all = [...list.querySelectorAll("button")];
    const to = all.indexOf(document.activeElement) + step;
    all[Math.min(Math.max(to, 0), all.length - 1)].focus();
  });

  return h("section", { class: "timeline", id: "timeline", tabindex: "-1", "aria-label": t("timeline") },
    h("header", null, h("h2", null, t("timeline")), filter, latest, legend()),
    h("div", { class: "row head", "aria-hidden": "true" }, h("span", { class: "at" }, t("chinaTime")), h("span"), scale(), h("span")),
    scroller);
}

function legend() {
  return h("ul", { class: "legend", "aria-label": t("legend") }, ["call", "read", "write", "log"].map((name) =>
    h("li", null, h("i", { class: `mark ${name}` }), t(`step-${name}`))));
}

// rowOf draws an item. A line above it says that the day or the clock changed.
function rowOf(item, previous) {
  const selected = store.selected?.id === item.id;
  const at = new Date(item.at);
  const passed = previous ? (at - new Date(previous.at)) / 1000 : 0;
  const jump = !previous ? day(at) : passed > 300 || passed < -60 ? `${day(at)} · ${passed > 0 ? "+" : "−"}${span(Math.abs(passed))}` : null;
  const attempts = item.attempts.length ? item.attempts : [null];
  const main = h("button", {
    type: "button", class: "row", "data-part": "", "aria-expanded": String(selected),
    onclick: () => select(selected && store.selected.part === "" ? null : item.id),
  },
  h("span", { class: "at" }, h("time", { datetime: item.at }, clockTime(at))),
  h("span", { class: "what" },
    h("span", { class: "title" }, item.openid && h("span", { class: `person hue-${hue(item.openid)}` }, who(item.openid)),
      item.from === "phone" ? null : h("span", { class: "from" }, t(`from-${item.from}`)), heading(item)),
    h("span", { class: "outcome" }, outcome(item))),
  h("span", { class: "axis" }, attempts.map((a) => lane(a, item.steps.filter((s) => !a || s.attempt === a.n || !s.attempt)))),
  h("span", { class: "result" }, attempts.map((a) => a && h("span", null, h("b", null, a.done ? (a.status || t("noAnswer")) : "…"), " ", length(a)))));
  return h("li", { "data-id": item.id, class: [selected && "selected", item.failed && "failed", item.done || "open", item.kind].filter((c) => typeof c === "string").join(" ") },
    jump && h("p", { class: "jump" }, jump), main, selected && steps(item));
}

function steps(item) {
  const parts = [];
  for (const attempt of item.attempts) {
    if (item.attempts.length > 1) parts.push(part(item, `attempt:${attempt.n}`, "send", t("attemptN", attempt.n), lane(attempt, []), result({ attempts: [attempt] }), attempt.error));
    for (const s of item.steps.filter((s) => s.attempt === attempt.n)) parts.push(stepRow(item, s, attempt.start_ms));
  }
  for (const s of item.steps.filter((s) => !item.attempts.some((a) => a.n === s.attempt))) parts.push(stepRow(item, s, 0));
  return h("ol", { class: "steps" }, parts);
}

const stepRow = (item, s, start) => part(item, `step:${s.n}`, s.kind, translated(s.name), stepLane(s, start), s.kind === "log" ? "" : ms(s.ms), s.error, sort(s));

function part(item, name, picture, title, axis, end, error, kind) {
  const chosen = store.selected?.part === name;
  return h("li", null, h("button", { type: "button", class: `row step ${kind ?? ""} ${chosen ? "chosen" : ""} ${error ? "bad" : ""}`, "data-part": name, "aria-current": chosen ? "true" : null, onclick: () => select(item.id, name) },
    h("span", { class: "at" }, icon(picture)),
    h("span", { class: "what" }, kind && h("span", { class: "from" }, t(error && kind === "read" ? "step-table" : `step-${kind}`)), title, error && h("span", { class: "error" }, translated(error))),
    h("span", { class: "axis" }, axis),
    h("span", { class: "result" }, end)));
}
