// The desk of troubles: the mode and kind of the account, and what goes wrong.
import { h, button } from "./dom.js";
import { ask } from "./dialog.js";
import { t } from "./text.js";
import { api, act, on, say, select, store } from "./store.js";

let panel;

// count is how many troubles are switched on.
function count() {
  const { platform, table } = store.state.faults;
  return (platform?.length ?? 0) + (table?.length ?? 0);
}

// deskButton opens and closes the desk.
export function deskButton() {
  const badge = h("span", { class: "badge", hidden: true });
  const opener = button({ name: "bolt", text: h("span", { class: "word" }, t("trouble")), title: t("trouble"), "aria-expanded": "false", "aria-controls": "desk" }, () => {
    panel.hidden = !panel.hidden;
    opener.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    if (matchMedia("(max-width: 820px)").matches) select(null); // the details would cover it
    panel.querySelector("input:checked, button")?.focus();
  });
  opener.append(badge);
  on("state", () => {
    badge.hidden = count() === 0;
    badge.textContent = count();
  });
  return opener;
}

const setFaults = (change) => act(() => api("POST", "/api/faults", { platform: store.state.faults.platform ?? [], table: store.state.faults.table ?? [], ...change }));

export function desk() {
  const active = h("ul", { class: "active" });
  panel = h("section", { class: "desk", id: "desk", hidden: true, "aria-label": t("trouble") },
    setting("mode", ["plain", "compatible", "safe"]),
    setting("kind", ["test", "verified", "personal"]),
    group(t("platform"),
      button({ text: t("slow3") }, () => addPlatform({ path: "*", delay: 3, times: 0 })),
      button({ text: t("slow8") }, () => addPlatform({ path: "*", delay: 8, times: 0 })),
      button({ text: t("answersErrcode") }, askErrcode)),
    group(t("table"),
      button({ text: t("failsBefore") }, () => addTable({ when: "before", kill: false, times: 1 })),
      button({ text: t("failsAfter") }, () => addTable({ when: "after", kill: false, times: 1 })),
      button({ text: t("diesAfter") }, () => addTable({ when: "after", kill: true, times: 1 })),
      button({ text: "…", "aria-label": t("otherTableFault"), title: t("otherTableFault") }, askTable)),
    group(t("account"),
      button({ text: t("revokeToken") }, () => act(async () => { await api("POST", "/api/token", { revoke: true }); say(t("tokenRevoked")); })),
      button({ text: t("restart") }, () => act(async () => { await api("POST", "/api/restart", {}); say(t("restarted")); }))),
    group(t("active"), active));
  on("state", () => {
    const { platform, table } = store.state.faults;
    const all = [
      ...(platform ?? []).map((f) => [platformWords(f), () => setFaults({ platform: platform.filter((other) => other !== f) })]),
      ...(table ?? []).map((f) => [tableWords(f), () => setFaults({ table: table.filter((other) => other !== f) })]),
    ];
    active.replaceChildren(...all.map(([words, end]) => h("li", null, words, button({ label: t("endTrouble", words), name: "close" }, end))));
    if (all.length === 0) active.append(h("li", { class: "none" }, t("noTrouble")));
  });
  return panel;
}

function group(label, ...controls) {
  return h("div", { class: "group", role: "group", "aria-label": label }, h("span", { class: "label" }, label), controls);
}

// setting is a row of radio buttons.
function setting(name, values) {
  const inputs = values.map((value) => h("input", {
    type: "radio", name, value, id: `${name}-${value}`,
    onchange: async () => {
      await act(() => api("POST", "/api/settings", { [name]: value }));
      draw();
    },
  }));
  const draw = () => {
    for (const input of inputs) input.checked = input.value === store.state[name];
  };
  on("state", draw);
  return h("fieldset", { class: "group segments" }, h("legend", { class: "label" }, t(name)),
    inputs.map((input) => [input, h("label", { for: input.id }, t(`${name}-${input.value}`))]));
}

const times = (n) => (n === 0 ? t("always") : t("nTimes", n));

function platformWords({ path, errcode, delay, times: n }) {
  const what = [delay && t("slowBy", delay), errcode && `errcode ${errcode}`].filter(Boolean).join(", ");
  return `${path === "*" ? t("allCalls") : path} · ${what} · ${times(n)}`;
}

function tableWords({ when, kill, times: n }) {
  return `${kill ? t(`dies-${when}`) : t(`fails-${when}`)} · ${times(n)}`;
}

const addPlatform = (fault) => setFaults({ platform: [...(store.state.faults.platform ?? []).filter((f) => f.path !== fault.path), fault] });
const addTable = (fault) => setFaults({ table: [...(store.state.faults.table ?? []), fault] });

const calls = ["*", "/cgi-bin/user/info", "/cgi-bin/stable_token", "/cgi-bin/message/custom/send", "/cgi-bin/menu/create", "/sns/oauth2/access_token"];

const timesField = (value) => ({ name: "times", label: t("howOften"), type: "number", value, min: 0, hint: t("howOftenHint") });

async function askErrcode() {
  const values = await ask({
    title: t("platformTrouble"),
    fields: [
      { name: "path", label: t("call"), type: "select", options: calls.map((path) => [path, path === "*" ? t("allCalls") : path]) },
      { name: "errcode", label: "errcode", type: "number", value: -1, hint: t("errcodeHint") },
      { name: "delay", label: t("delay"), type: "number", value: 0, min: 0 },
      timesField(0),
    ],
  });
  if (values) addPlatform({ path: values.path, errcode: values.errcode ?? 0, delay: values.delay ?? 0, times: values.times ?? 0 });
}

async function askTable() {
  const values = await ask({
    title: t("tableTrouble"),
    fields: [
      { name: "when", label: t("when"), type: "select", options: [["before", t("beforeWrite")], ["after", t("afterWrite")]] },
      { name: "kill", label: t("killToo"), type: "checkbox" },
      timesField(1),
    ],
  });
  if (values) addTable({ ...values, times: values.times ?? 0 });
}
