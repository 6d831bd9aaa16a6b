// The mistakes of account.yaml.
import { h } from "./dom.js";
import { t, language } from "./text.js";
import { on, store } from "./store.js";

export function mistakes() {
  const list = h("ul");
  const box = h("section", { class: "mistakes", role: "alert", tabindex: "0", hidden: true }, h("h2", null, t("mistakes")), list, h("p", null, t("lastGood")));
  on("state", () => {
    const { mistakes, file } = store.state.account;
    box.hidden = !mistakes?.length;
    list.replaceChildren(...(mistakes ?? []).map((mistake) => {
      const text = mistake[language];
      const place = /^(\S*?:\d+)[:：]\s*/.exec(text);
      return h("li", null, h("code", null, place ? place[1] : file), place ? text.slice(place[0].length) : text);
    }));
  });
  return box;
}
