// A record before and after, field by field.
import { h } from "./dom.js";
import { t } from "./text.js";
import { moment } from "./format.js";

const isTime = /(_at|_time|_since|_until|^at)$/;

function written(name, value) {
  const text = typeof value === "string" ? value : json(value);
  const when = typeof value === "number" && value > 1e9 && value < 1e11 && isTime.test(name) ? moment(new Date(value * 1000)) : null;
  return [text, when && h("span", { class: "when" }, when)];
}

// json breaks only what is long into lines.
function json(value) {
  const text = JSON.stringify(value);
  return text.length > 80 ? JSON.stringify(value, null, 1) : text;
}

// diff is a table of a change.
export function diff({ pk, sk, before, after }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((n) => n !== "pk" && n !== "sk");
  const what = !before ? "created" : !after ? "deleted" : "changed";
  const rows = names.flatMap((name) => {
    const [old, now] = [before?.[name], after?.[name]];
    if (JSON.stringify(old) === JSON.stringify(now)) return [row("same", "", name, now)];
    return [old !== undefined && row("minus", "−", name, old), now !== undefined && row("plus", "+", name, now)].filter(Boolean);
  });
  return h("table", { class: "diff" },
    h("caption", null, h("b", { class: what }, t(what)), " ", h("code", null, pk), " ", h("code", null, sk)),
    h("thead", { class: "hidden" }, h("tr", null, h("th", { scope: "col" }, t("change")), h("th", { scope: "col" }, t("field")), h("th", { scope: "col" }, t("value")))),
    h("tbody", null, rows));
}

const row = (sort, sign, name, value) => h("tr", { class: sort },
  h("td", null, sign), h("th", { scope: "row" }, name), h("td", null, h("span", null, written(name, value))));
