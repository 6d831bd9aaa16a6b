// Dialogs that ask for values.
import { h, button } from "./dom.js";
import { t } from "./text.js";

let count = 0;

// ask shows a dialog and returns its values by name, or null if it was closed. A field is {name, label, value, type, hint,
// options, required, …}: type is text, number, textarea, select, checkbox or file, and what is left goes to the element.
export function ask({ title, intro, fields, submit, wide }) {
  const id = `dialog-${++count}`;
  const rows = fields.map((field) => row(field, `${id}-${field.name}`));
  const form = h("form", { method: "dialog" },
    h("header", null, h("h2", { id }, title), button({ label: t("close"), name: "close", class: "quiet" }, () => dialog.close())),
    intro && h("p", { class: "intro" }, intro),
    rows,
    h("footer", null,
      !fields.some((field) => field.readonly) && button({ text: t("cancel") }, () => dialog.close()),
      h("button", { class: "main", value: "ok" }, submit ?? t("ok"))));
  const dialog = h("dialog", { class: wide ? "wide" : null, "aria-labelledby": id }, form);
  document.body.append(dialog);
  dialog.showModal();
  const first = form.querySelector("input, textarea, select");
  first?.focus();
  if (first?.matches("input")) first.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const values = Object.fromEntries(fields.map((field) => [field.name, valueOf(form.elements[field.name], field)]));
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? values : null);
    });
  });
}

function valueOf(element, { type }) {
  switch (type) {
    case "checkbox": return element.checked;
    case "number": return element.value === "" ? undefined : Number(element.value);
    case "file": return element.files[0];
    default: return element.value;
  }
}

function row({ name, label, value, type = "text", hint, options, ...rest }, id) {
  const properties = { name, id, "aria-describedby": hint && `${id}-hint`, ...rest };
  let input;
  if (type === "select") {
    input = h("select", properties, options.map(([v, text]) => h("option", { value: v, selected: v === value }, text)));
  } else if (type === "textarea") {
    input = h("textarea", { rows: 8, spellcheck: "false", ...properties });
    input.value = value ?? "";
  } else {
    input = h("input", { type, checked: type === "checkbox" && value, value: type === "checkbox" ? null : value, step: type === "number" ? "any" : null, autocomplete: "off", ...properties });
  }
  const words = h("label", { for: id }, label);
  return h("div", { class: `field ${type}` },
    type === "checkbox" ? [input, words] : [words, input],
    hint && h("small", { id: `${id}-hint` }, hint));
}

// show shows a text that can be selected, for a browser that does not let a page copy.
export function show(title, text) {
  return ask({ title, wide: true, fields: [{ name: "text", label: title, type: "textarea", value: text, readonly: true }], submit: t("close") });
}

// choose shows a menu of [icon, text, action] below the button, which it makes.
export function choices(opener, label, entries) {
  const id = `menu-${++count}`;
  const list = h("div", { popover: "auto", id, class: "choices", role: "group", "aria-label": label });
  const anchor = button({ ...opener, popovertarget: id, "aria-haspopup": "true" }, () => {});
  list.addEventListener("beforetoggle", (e) => {
    if (e.newState !== "open") return;
    list.replaceChildren(...entries().filter(Boolean).map(([name, text, action]) => button({ name, text }, () => {
      list.hidePopover();
      action();
    })));
    const box = anchor.getBoundingClientRect();
    const below = window.innerHeight - box.bottom > 280 || box.top < 280;
    list.style.top = below ? `${box.bottom + 4}px` : "auto";
    list.style.bottom = below ? "auto" : `${window.innerHeight - box.top + 4}px`;
    const right = box.left > window.innerWidth / 2;
    list.style.left = right ? "auto" : `${Math.max(8, box.left)}px`;
    list.style.right = right ? `${Math.max(8, window.innerWidth - box.right)}px` : "auto";
  });
  list.addEventListener("toggle", (e) => {
    if (e.newState === "open") list.querySelector("button")?.focus();
  });
  list.addEventListener("keydown", (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const all = [...list.querySelectorAll("button")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  return [anchor, list];
}
