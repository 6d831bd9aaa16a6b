// Puts the page together.
import { h } from "./dom.js";
import { t } from "./text.js";
import { connect, on, select } from "./store.js";
import { bar } from "./bar.js";
import { desk } from "./desk.js";
import { phones } from "./phone.js";
import { timeline } from "./timeline.js";
import { details } from "./details.js";
import { hint } from "./hint.js";
import { mistakes } from "./mistakes.js";

const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

on("toast", ({ text, bad }) => {
  const toast = h("p", { class: bad ? "toast bad" : "toast" }, text);
  toasts.append(toast);
  setTimeout(() => toast.remove(), bad ? 9000 : 4000);
});

document.title = t("title");
document.body.append(
  h("a", { class: "skip", href: "#timeline" }, t("skip")),
  bar(),
  desk(),
  mistakes(),
  h("main", null, phones(), h("div", { class: "behind" }, hint(), timeline(), details())),
  toasts,
);

const linked = Number(location.hash.slice(1));
if (linked > 0) select(linked);
connect();
