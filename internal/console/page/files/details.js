// Everything that belongs to the selected item.
import { h, button } from "./dom.js";
import { choices, show } from "./dialog.js";
import { t, translated } from "./text.js";
import { api, act, on, say, select, store } from "./store.js";
import { heading, kind, moment, ms, outcome, who } from "./format.js";
import { edit, more, replay } from "./again.js";
import { save } from "./scenario.js";
import { diff } from "./diff.js";

export function details() {
  const columns = h("div", { class: "columns" });
  const body = h("div", { class: "cards" }, columns);
  const head = h("header");
  const pane = h("section", { class: "details", "aria-label": t("details"), hidden: true, onkeydown: (e) => {
    if (e.key === "Escape") select(null);
  } }, head, body);
  let drawn = null; // the id

  on("details", () => {
    const item = store.details;
    if (drawn !== item.id) {
      head.replaceChildren(...heads(item));
      body.scrollTop = 0;
    }
    drawn = item.id;
    columns.replaceChildren(...cards(item));
    point();
  });
  on("selected", () => {
    pane.hidden = store.selected === null;
    document.body.classList.toggle("selecting", store.selected !== null);
    if (store.selected === null) drawn = null;
    point();
  });

  // point shows the selected part.
  const point = () => {
    for (const old of body.querySelectorAll(".chosen")) old.classList.remove("chosen");
    const part = store.selected?.part && body.querySelector(`[data-part="${store.selected.part}"]`);
    if (!part) return;
    part.classList.add("chosen");
    part.scrollIntoView({ block: "nearest" });
  };
  return pane;
}

function heads(item) {
  const isDelivery = item.kind === "delivery";
  return [
    h("h2", null, `#${item.id} `, heading(item)),
    h("div", { class: "actions" },
      isDelivery && [
        button({ name: "again", text: t("sendAgainShort"), title: t("sendAgain") }, () => replay({ items: [item.id] })),
        button({ text: "×3", title: t("threeTimes") }, () => replay({ items: [item.id], copies: 3 })),
        button({ name: "edit", text: t("edit"), title: t("editAndSend") }, () => edit(store.details)),
        button({ name: "clock", text: t("moreAgain"), title: t("moreAgainTitle") }, () => more(item)),
        choices({ name: "copy", text: t("copyAs") }, t("copyAs"), () => ["curl", "sam", "scenario", "go"].map((as) => ["code", t(`copy-${as}`), () => copy(item.id, as)])),
        button({ name: "file", text: t("saveScenarioShort"), title: t("saveScenario") }, () => save([item])),
      ]),
    button({ label: t("close"), name: "close", class: "quiet" }, () => select(null)),
  ];
}

async function copy(id, as) {
  const text = await act(() => api("GET", `/api/items/${id}/copy?as=${as}`));
  if (text === undefined) return;
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    await show(t(`copy-${as}`), text);
  }
}

// cards are two columns: what came and went, and what the account did.
function cards(item) {
  const steps = (kind) => item.steps.filter((s) => s.kind === kind);
  const changes = steps("table").filter((s) => s.changes?.length);
  const reads = steps("table").filter((s) => !s.changes?.length);
  const said = [
    card(t("whatHappened"), facts(item)),
    item.message && card(t("push"), pre(item.message)),
    ...item.attempts.flatMap((a) => attempt(a, item)),
  ];
  const done = [
    card(t("records"), changes.map((s) => h("div", { class: "part", "data-part": `step:${s.n}` }, stepHead(s), s.changes.map(diff))),
      reads.map((s) => h("div", { class: "part", "data-part": `step:${s.n}` }, stepHead(s))),
      changes.length + reads.length === 0 && h("p", { class: "none" }, t("noRecords"))),
    steps("call").length > 0 && card(t("calls"), steps("call").map((s) => h("div", { class: "part", "data-part": `step:${s.n}` }, stepHead(s), exchanges(s)))),
    steps("log").length > 0 && card(t("logs"), steps("log").map((s) => h("div", { class: "part", "data-part": `step:${s.n}` }, stepHead(s), s.line && logLine(s.line)))),
  ];
  return [h("div", null, said), h("div", null, done)];
}

const card = (title, ...content) => h("section", { class: "card" }, h("h3", null, title), content);

const stepHead = (s) => h("p", { class: s.failed ? "step-head bad" : "step-head" }, h("code", null, translated(s.name)), s.kind === "log" ? null : h("span", null, ms(s.ms)), s.error && h("span", { class: "error" }, translated(s.error)));

function facts(item) {
  const last = item.attempts.at(-1);
  const rows = [
    [t("decidedRule"), item.decided?.rule && h("code", null, item.decided.rule)],
    [t("decidedRoute"), item.decided?.route && h("code", null, item.decided.route)],
    [t("outcome"), item.failed ? h("span", { class: "error" }, outcome(item)) : outcome(item)],
    [t("kindOfPush"), item.push && kind(item.push)],
    [t("who"), item.openid && [who(item.openid), " ", h("code", null, item.openid)]],
    [t("at"), moment(new Date(item.at))],
    [t("took"), last && [ms(last.ms), item.attempts.length > 1 && ` · ${t("attemptsN", item.attempts.length)}`]],
    [t("from"), t(`from-${item.from}`)],
    [t("target"), item.target],
    [t("repeats"), item.of && h("a", { href: `#${item.of}`, onclick: (e) => { e.preventDefault(); select(item.of); } }, `#${item.of}`)],
  ];
  return h("dl", null, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}

// attempt is two cards: what was sent, and what came back.
function attempt({ n, request, response, error }, item) {
  const title = (name) => (item.attempts.length > 1 ? `${t("attemptN", n)} · ${t(name)}` : t(name));
  const opened = request?.body.includes("<Encrypt>") ? item.message : undefined;
  return [
    card(title("request"), h("div", { class: "part", "data-part": `attempt:${n}` }, half(request && { ...request, opened }))),
    card(title("reply"), error && h("p", { class: "error" }, translated(error)), half(response)),
  ];
}

const exchanges = ({ request, response }) => h("div", { class: "exchanges" },
  [["request", request], ["reply", response]].map(([name, exchange]) => h("div", null, h("h4", null, t(name)), half(exchange))));

// half is one half of an exchange.
function half(exchange) {
  if (!exchange) return h("p", { class: "none" }, t("nothingCame"));
  const headers = Object.entries(exchange.header ?? {});
  return [
    h("p", { class: "url" }, h("b", null, exchange.method ?? exchange.status), " ", exchange.url),
    headers.length > 0 && h("details", null, h("summary", null, t("headers")), pre(headers.map(([k, v]) => `${k}: ${v?.join(", ") ?? ""}`).join("\n"))),
    exchange.opened && [h("p", { class: "sub" }, t("opened")), pre(exchange.opened), h("p", { class: "sub" }, t("sealed"))],
    exchange.body ? pre(exchange.body) : h("p", { class: "none" }, t("noBody")),
  ];
}

// pre shows a body: JSON and the platform's XML with line breaks.
function pre(text) {
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { shown = text.startsWith("<xml><") ? broken(text) : text; }
  return h("pre", { tabindex: "0", role: "group", "aria-label": t("body") }, h("code", null, shown));
}

// broken has a line for each element of the outermost one.
const broken = (xml) => xml.replace(/(?<!\]\])>(?=<(?!!\[CDATA))/g, ">\n").replace(/\n(?!<\/xml>)/g, "\n  ");

// logLine shows the members of a log line, with the metrics first.
function logLine(line) {
  const { _aws: metrics, ...members } = line;
  const names = new Set(metrics?.CloudWatchMetrics?.flatMap((m) => [...(m.Metrics ?? []).map((x) => x.Name), ...(m.Dimensions ?? []).flat()]) ?? []);
  const entries = Object.entries(members).sort(([a], [b]) => names.has(b) - names.has(a));
  return h("table", { class: "line" }, h("tbody", null, entries.map(([name, value]) => h("tr", { class: names.has(name) ? "metric" : null }, h("th", { scope: "row" }, name, names.has(name) && h("span", { class: "hidden" }, ` (${t("metric")})`)), h("td", null, typeof value === "object" ? JSON.stringify(value) : String(value))))));
}
