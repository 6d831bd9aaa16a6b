// What builds the page's elements.

// h makes an element. Of its properties, on… are listeners, style has CSS properties, and the rest are attributes; those that
// are null or false are left out. Children are nodes or texts; null and false are left out.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [property, v] of Object.entries(value)) element.style.setProperty(property, v);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

const paths = {
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  send: "M2.500 8l11-5-4 11-2.500-4.500z",
  again: "M13 8a5 5 0 1 1-1.500-3.600M13 2.500v3h-3",
  edit: "M3 13l.7-2.900L10.500 3.300l2.200 2.200L5.900 12.300z",
  clock: "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M8 5v3.200l2.200 1.300",
  bolt: "M9 2L3.500 9H8l-1 5 5.500-7H8z",
  dot: "M8 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8",
  stop: "M4.500 4.500h7v7h-7z",
  copy: "M6 5.500h7v8H6zM10 3H3v8",
  more: "M3.500 8h.01M8 8h.01M12.500 8h.01",
  picture: "M2.500 3.500h11v9h-11zM3 11l3-3 2.500 2.500L10.500 8l2.500 3M6 6.200h.01",
  voice: "M8 2.500a1.800 1.800 0 0 1 1.800 1.800v3.400a1.800 1.800 0 0 1-3.600 0V4.300A1.800 1.800 0 0 1 8 2.500M4 7.500a4 4 0 0 0 8 0M8 11.500v2",
  video: "M2.500 4.500h7.500v7H2.500zM10 7l3.500-2v6L10 9z",
  place: "M8 14s4.500-4 4.500-7.200a4.500 4.500 0 0 0-9 0C3.500 10 8 14 8 14zM8 6.800h.01",
  link: "M7 9a2.500 2.500 0 0 0 3.500 0l2-2A2.500 2.500 0 0 0 9 3.500l-.7.7M9 7a2.500 2.500 0 0 0-3.500 0l-2 2A2.500 2.500 0 0 0 7 12.500l.7-.7",
  file: "M4 2.500h5l3 3v8H4zM9 2.500v3h3",
  scan: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3M3 8h10",
  menu: "M3 5h10M3 8h10M3 11h10",
  code: "M5.500 5L2.500 8l3 3M10.500 5l3 3-3 3",
  theme: "M8 2.500a5.500 5.500 0 1 0 0 11zM8 2.500a5.500 5.500 0 0 1 0 11",
  down: "M4 6.500L8 10.500l4-4",
  person: "M8 3a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M3.500 13.500a4.500 4.500 0 0 1 9 0",
  call: "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11M2.500 8h11M8 2.500c3 3 3 8 0 11-3-3-3-8 0-11",
  table: "M3 3.500h10v9H3zM3 6.500h10M3 9.500h10M6.500 6.500v6",
  log: "M3 4h10M3 7h7M3 10h10M3 13h5",
  check: "M3.500 8.500l3 3 6-7",
};

// icon makes a picture of 16 by 16, which says nothing to a screen reader.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

// button makes a button with an icon, a text, or both. Without a text, the label is for screen readers and the tooltip.
export function button({ label, name, text, ...rest }, onclick) {
  return h("button", { type: "button", title: label, "aria-label": text ? null : label, ...rest, onclick }, name && icon(name), text);
}

// eachFrame returns a function that lets do run once before the next frame, however often it is called.
export function eachFrame(run) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; run(); });
  };
}
