// The console's state and timeline, as the API tells them, and what is selected.
import { t, language } from "./text.js";

export const store = {
  state: null, // the API's state
  items: new Map(), // by id, ascending
  more: false, // whether the timeline has earlier items
  live: false, // whether the stream is connected
  selected: null, // {id, part}: part is "attempt:N", "step:N" or ""
  details: null, // of the selected item
};

const bus = new EventTarget();

// on calls listener with the event's value: state, items (a set of changed ids, or null for all), live, selected, details.
export const on = (name, listener) => bus.addEventListener(name, (e) => listener(e.detail));

const emit = (name, value) => bus.dispatchEvent(new CustomEvent(name, { detail: value }));

// api sends a request. A refusal is an Error with the API's words.
export async function api(method, path, body) {
  const raw = body instanceof Blob;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": raw ? body.type : "application/json" },
      body: body === undefined || raw ? body : JSON.stringify(body),
    });
  } catch {
    throw new Error(t("unreachable"));
  }
  const text = await response.text();
  if (!response.ok) {
    let words;
    try { words = JSON.parse(text).error[language]; } catch { words = `${response.status} ${text}`; }
    throw new Error(words);
  }
  return response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : text;
}

// What came by the stream since it was connected: the list, which is asked for meanwhile, may be older.
let fresh = new Set();

const page = 500;

// connect follows the stream, for ever.
export function connect() {
  const stream = new EventSource("/api/events");
  fresh = new Set();
  let listed = false;
  stream.addEventListener("state", (e) => {
    store.state = JSON.parse(e.data);
    received = Date.now();
    if (!listed) {
      listed = true;
      list();
    }
    if (!store.live) {
      store.live = true;
      emit("live");
    }
    emit("state");
  });
  stream.addEventListener("item", (e) => {
    const item = JSON.parse(e.data);
    fresh.add(item.id);
    store.items.set(item.id, item);
    changed(item.id);
  });
  stream.addEventListener("removed", (e) => {
    const { before } = JSON.parse(e.data);
    for (const id of store.items.keys()) if (id < before) store.items.delete(id);
    if (store.selected && !store.items.has(store.selected.id)) select(null);
    emit("items", null);
  });
  stream.onerror = () => {
    stream.close();
    if (store.live) {
      store.live = false;
      emit("live");
    }
    setTimeout(connect, 1000);
  };
}

async function list() {
  const { items, more } = await api("GET", `/api/items?limit=${page}`);
  for (const id of store.items.keys()) if (!fresh.has(id)) store.items.delete(id);
  merge(items);
  store.more = more;
  emit("items", null);
  if (store.selected) select(store.selected.id, store.selected.part);
}

// earlier adds earlier items.
export async function earlier() {
  const first = store.items.keys().next().value;
  const { items, more } = await api("GET", `/api/items?limit=${page}&before=${first}`);
  merge(items);
  store.more = more;
  emit("items", null);
}

// merge adds items that the stream has not brought since, and puts all in order.
function merge(items) {
  for (const item of items) if (!fresh.has(item.id)) store.items.set(item.id, item);
  store.items = new Map([...store.items].sort(([a], [b]) => a - b));
}

let pending = new Set();

// changed tells of items once a frame, however many come.
function changed(id) {
  if (pending.size === 0) {
    requestAnimationFrame(() => {
      const ids = pending;
      pending = new Set();
      emit("items", ids);
      if (store.selected && ids.has(store.selected.id)) fetchDetails();
    });
  }
  pending.add(id);
}

// select selects an item, and a part of it, and asks for its details.
export function select(id, part = "") {
  const other = store.selected?.id !== id;
  store.selected = id === null ? null : { id, part };
  history.replaceState(null, "", id === null ? location.pathname : `#${id}`);
  if (other) store.details = null;
  emit("selected");
  if (id !== null && (other || store.details === null)) fetchDetails();
}

async function fetchDetails() {
  const { id } = store.selected;
  try {
    const details = await api("GET", `/api/items/${id}`);
    if (store.selected?.id !== id) return;
    store.details = details;
    emit("details");
  } catch (error) {
    fail(error);
  }
}

let received = 0; // when the state came, by this browser's clock

// now is the console's time.
export const now = () => new Date(new Date(store.state.clock.now).getTime() + Date.now() - received);

// follower is the user with that openid, or undefined.
export const follower = (openid) => store.state?.followers.find((f) => f.openid === openid);

// fail shows an error; say shows a message. Both are heard by screen readers.
export const fail = (error) => emit("toast", { text: error.message, bad: true });
export const say = (text) => emit("toast", { text });

// act runs an action of the user, and shows its failure. It returns undefined then.
export async function act(action) {
  try {
    return await action();
  } catch (error) {
    fail(error);
    return undefined;
  }
}
