// The first-run hint: five steps of a minute. A step is done when the timeline shows it.
import { h, icon, button } from "./dom.js";
import { t } from "./text.js";
import { on, store } from "./store.js";

const isEvent = (name) => ({ push }) => push?.Event === name;

// keyword is a text that gets the personal link, if the account has one.
const keyword = () => store.state.account.keyword;

const steps = [
  { name: "follow", done: isEvent("subscribe"), at: ".stranger .follow" },
  { name: "text", done: ({ push }) => push?.MsgType === "text" && !push.Content.startsWith("@"), fill: () => keyword() || t("hint-text-fill") },
  { name: "suggest", done: ({ push }) => push?.MsgType === "text" && /^[@＠]/.test(push.Content), fill: () => "@希望周末也营业" },
  { name: "menu", done: ({ push }) => push?.Event === "CLICK" || push?.Event === "VIEW", at: ".menu button" },
  { name: "unfollow", done: isEvent("unsubscribe"), at: ".phone header .quiet" },
];

export function hint() {
  const list = h("ol");
  const words = h("p");
  const box = h("section", { class: "hint", hidden: true, "aria-label": t("hint") });
  const hide = () => {
    localStorage.setItem("guanzhu-hint", "done");
    box.hidden = true;
  };
  const help = button({ class: "main", text: t("showMe") }, () => showStep(current()));
  box.append(h("header", null, h("h2", null, t("hint")), button({ label: t("hideHint"), name: "close", class: "quiet" }, hide)), list, h("div", { class: "now" }, words, help));

  const isDone = (step) => [...store.items.values()].some((i) => i.kind === "delivery" && i.done && step.done(i));
  const current = () => steps.find((step) => !isDone(step));
  const draw = () => {
    box.hidden = !store.state || localStorage.getItem("guanzhu-hint") === "done";
    if (box.hidden) return;
    const now = current();
    list.replaceChildren(...steps.map((step) => h("li", { class: isDone(step) ? "done" : step === now ? "now" : null, "aria-current": step === now ? "step" : null },
      isDone(step) ? [icon("check"), h("span", { class: "hidden" }, t("done"))] : null, t(`hint-${step.name}`))));
    words.textContent = now ? how(now) : t("hintDone");
    help.textContent = now ? t("showMe") : t("hideHint");
    help.onclick = now ? null : hide;
  };
  on("items", draw);
  on("state", draw);
  document.addEventListener("hint", draw);
  return box;
}

// how says how a step is done.
function how(step) {
  return step.name === "text" && keyword() ? t("hint-keyword-how", keyword()) : t(`hint-${step.name}-how`);
}

// showStep leads to the control of a step, and writes what is to be sent.
function showStep(step) {
  if (!step) return;
  const phone = document.querySelector(".phone.follows") ?? document.querySelector(".phone");
  const control = step.fill ? phone?.querySelector(".composer input[type=text]") : phone?.querySelector(step.at.replace(".phone ", "")) ;
  if (!control) return;
  if (step.fill) control.value = step.fill();
  control.scrollIntoView({ block: "nearest", inline: "nearest" });
  control.focus();
  control.classList.remove("pointed");
  requestAnimationFrame(() => control.classList.add("pointed"));
}
