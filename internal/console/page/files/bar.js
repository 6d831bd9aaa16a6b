// The bar at the top: connection, clock, scenarios, troubles, and the rest.
import { h, icon, button } from "./dom.js";
import { ask, choices } from "./dialog.js";
import { t, language } from "./text.js";
import { api, act, on, now, say, store } from "./store.js";
import { clockTime, day, ahead } from "./format.js";
import { recorder } from "./scenario.js";
import { deskButton } from "./desk.js";

export function bar() {
  const live = h("span", { class: "live", role: "status" });
  const drawLive = () => {
    live.textContent = t(store.live ? "connected" : "reconnecting");
    live.classList.toggle("off", !store.live);
  };
  on("live", drawLive);
  drawLive();
  return h("header", { class: "bar" },
    h("h1", null, h("img", { src: "/page/icon.svg", alt: "", width: 24, height: 24 }), "Guanzhu", h("span", { class: "cjk", lang: "zh-CN" }, "关注")),
    live,
    clock(),
    h("div", { class: "tools" }, recorder(), deskButton(), rest()));
}

const jumps = [["plus10m", "10m"], ["plus1d", "1d"], ["plus31d", "31d"]];

function clock() {
  const time = h("time");
  const offset = h("span", { class: "offset" });
  const move = (body) => act(() => api("POST", "/api/clock", body));
  const back = button({ text: t("backToNow"), class: "back" }, () => move({ now: true }));
  const draw = () => {
    if (!store.state) return;
    time.textContent = `${day(now())} ${clockTime(now())}`;
    time.dateTime = now().toISOString();
    offset.textContent = ahead(store.state.clock.offset);
    back.disabled = Math.abs(store.state.clock.offset) < 1;
  };
  on("state", draw);
  setInterval(draw, 1000);
  const other = async () => {
    const values = await ask({ title: t("otherTime"), intro: t("otherTimeIntro"), fields: [{ name: "advance", label: t("duration"), value: "2h", required: true }] });
    if (values) move({ advance: values.advance });
  };
  return h("div", { class: "clock", role: "group", "aria-label": t("clock") },
    icon("clock"), h("span", { class: "time", title: t("chinaTime") }, time, offset),
    jumps.map(([key, advance]) => button({ text: t(key) }, () => move({ advance }))),
    button({ text: "…", "aria-label": t("otherTime"), title: t("otherTime") }, other),
    back);
}

function rest() {
  return choices({ label: t("more"), name: "more", class: "quiet" }, t("more"), () => [
    ["theme", t(`theme-${nextTheme()}`), setTheme],
    ["edit", language === "zh" ? "English" : "中文", setLanguage],
    ["check", t("showHint"), () => { localStorage.removeItem("guanzhu-hint"); document.dispatchEvent(new Event("hint")); }],
    ["down", t("export"), exportState],
    ["file", t("import"), importState],
    ["close", t("reset"), reset],
  ]);
}

function setLanguage() {
  localStorage.setItem("guanzhu-language", language === "zh" ? "en" : "zh-CN");
  location.reload();
}

// nextTheme is what the switch leads to: the system's theme, light, dark, and again.
function nextTheme() {
  return { "": "light", light: "dark", dark: "system" }[localStorage.getItem("guanzhu-theme") ?? ""];
}

function setTheme() {
  const theme = nextTheme();
  if (theme === "system") {
    localStorage.removeItem("guanzhu-theme");
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem("guanzhu-theme", theme);
    document.documentElement.dataset.theme = theme;
  }
}

function exportState() {
  h("a", { href: "/api/export", download: `guanzhu-${day(now())}.json` }).click();
}

async function importState() {
  const values = await ask({ title: t("import"), intro: t("importIntro"), fields: [{ name: "file", label: t("file"), type: "file", accept: ".json", required: true }] });
  if (!values) return;
  await act(async () => {
    await api("POST", "/api/import", new Blob([await values.file.text()], { type: "application/json" }));
    say(t("imported"));
  });
}

async function reset() {
  const sure = await ask({ title: t("reset"), intro: t("resetIntro"), fields: [], submit: t("resetNow") });
  if (sure) await act(() => api("POST", "/api/reset", {}));
}
