// Records a conversation as a scenario.
import { h, icon, button } from "./dom.js";
import { ask } from "./dialog.js";
import { t } from "./text.js";
import { api, act, on, say, store } from "./store.js";
import { clockTime, heading, who } from "./format.js";

let since = null; // the latest ID when the recording began; null: there is none

const recorded = () => [...store.items.values()].filter((i) => since !== null && i.id > since && i.kind === "delivery" && i.done);

// recorder is the button that begins and ends a recording.
export function recorder() {
  const word = h("span", { class: "word" });
  const opener = button({ title: t("recordTitle"), class: "record" }, async () => {
    if (since === null) {
      since = store.state.last_item;
      say(t("recording"));
    } else {
      const items = recorded();
      since = null;
      if (items.length === 0) say(t("nothingRecorded"));
      else await save(items);
    }
    draw();
  });
  const draw = () => {
    const n = recorded().length;
    opener.classList.toggle("on", since !== null);
    opener.setAttribute("aria-pressed", String(since !== null));
    word.textContent = since === null ? t("record") : t("stopRecording", n);
    opener.replaceChildren(icon(since === null ? "dot" : "stop"), word);
  };
  on("items", draw);
  draw();
  return opener;
}

// save asks for the scenario's name and which of the items it has, and writes it.
export async function save(items) {
  const values = await ask({
    title: t("saveScenario"),
    intro: t("scenarioIntro"),
    fields: [
      { name: "name", label: t("scenarioName"), required: true, pattern: "[\\p{L}\\p{N}_\\-]{1,64}", hint: t("scenarioNameHint"), placeholder: "welcome" },
      { name: "comment", label: t("comment") },
      ...items.map((item) => ({ name: `item-${item.id}`, type: "checkbox", value: true, label: `${clockTime(new Date(item.at))} ${who(item.openid)}: ${heading(item)}` })),
    ],
    submit: t("write"),
  });
  if (!values) return;
  await act(async () => {
    const { file } = await api("POST", "/api/scenarios", {
      name: values.name,
      comment: values.comment,
      items: items.filter((item) => values[`item-${item.id}`]).map((item) => item.id),
    });
    say(t("scenarioWritten", file));
  });
}
