// The phones: one for each follower, side by side.
import { h, icon, button, eachFrame } from "./dom.js";
import { ask, choices } from "./dialog.js";
import { t, language } from "./text.js";
import { api, act, follower, on, say, select, store } from "./store.js";
import { clockTime, day, hue, replyGist } from "./format.js";
import { answered, happened, said } from "./message.js";

// shown is how many deliveries a conversation shows.
const shown = 80;

export function phones() {
  const row = h("section", { class: "phones", "aria-label": t("phones") });
  const all = new Map(); // by openid
  let drawn = false;
  const add = addButton();
  on("state", () => {
    const now = new Set(store.state.followers.map((f) => f.openid));
    for (const [openid, one] of all) {
      if (now.has(openid)) continue;
      one.element.remove();
      all.delete(openid);
    }
    for (const openid of now) {
      if (!all.has(openid)) {
        all.set(openid, phone(openid));
        row.insertBefore(all.get(openid).element, add);
        if (drawn) all.get(openid).element.scrollIntoView({ block: "nearest", inline: "center" });
      }
      all.get(openid).drawState();
    }
    row.classList.toggle("several", now.size > 1);
    drawn = true;
  });
  on("items", (ids) => {
    for (const [openid, one] of all) {
      if (!ids || [...ids].some((id) => store.items.get(id)?.openid === openid)) one.drawLog();
    }
  });
  on("selected", () => all.forEach((one) => one.mark()));
  row.append(add);
  return row;
}

function addButton() {
  return button({ class: "add-phone", label: t("addPhone"), name: "plus" }, async () => {
    const values = await ask({
      title: t("addPhone"), intro: t("addPhoneIntro"), submit: t("add"),
      fields: [
        { name: "name", label: t("name"), value: t("followerN", store.state.followers.length + 1), maxlength: 30 },
        { name: "language", label: t("language"), type: "select", value: "zh_CN", options: [["zh_CN", "简体中文"], ["zh_TW", "繁體中文"], ["en", "English"]] },
      ],
    });
    if (values) await act(() => api("POST", "/api/followers", values));
  });
}

function phone(openid) {
  const user = () => follower(openid);
  const send = (action, members) => act(() => api("POST", "/api/send", { openid, action, ...members }));
  const browser = pageOverlay(user);
  const menu = menuBar(openid, send, browser);
  const name = h("h2");
  const status = h("small");
  const log = h("ol", { class: "talk", "aria-label": t("conversation"), tabindex: "0" });
  const [more, moreList] = choices({ label: t("phoneMore"), name: "more", class: "quiet" }, t("phoneMore"), () => [
    user().follows && ["close", t("unfollow"), () => send("unfollow")],
    user().pages_url && ["call", t("openPages"), () => browser.open(user().pages_url)],
    ["copy", t("copyOpenID"), () => act(async () => { await navigator.clipboard.writeText(openid); say(t("copied")); })],
    ["code", t("rawPush"), () => raw(openid, send)],
    store.state.followers.length > 1 && ["close", t("removePhone"), () => act(() => api("DELETE", `/api/followers/${openid}`))],
  ]);
  const stranger = h("div", { class: "stranger" },
    h("p", null, t("notFollowing")),
    button({ class: "main follow", text: t("follow") }, () => send("follow")),
    button({ name: "scan", text: t("followByCode") }, async () => {
      const values = await ask({ title: t("followByCode"), intro: t("sceneIntro"), submit: t("follow"), fields: [{ name: "scene", label: t("scene"), value: "spring", maxlength: 64, required: true }] });
      if (values) send("follow", values);
    }));
  const compose = composer(openid, send);
  const foot = h("div", { class: "foot" });
  const element = h("article", { class: `phone hue-${hue(openid)}`, "data-openid": openid, "aria-label": "" },
    h("header", null, h("span", { class: "face" }, icon("person")), h("div", null, name, status), more, moreList),
    log, foot, browser.element);

  const drawState = () => {
    const { name: known, follows, scene } = user();
    name.textContent = known;
    element.setAttribute("aria-label", t("phoneOf", known));
    status.textContent = follows ? (scene ? t("followsBy", scene) : t("follows")) : t("followsNot");
    element.classList.toggle("follows", follows);
    const wanted = follows ? [compose, menu.element] : [stranger];
    if (foot.firstChild !== wanted[0]) foot.replaceChildren(...wanted);
    menu.draw();
  };

  const drawLog = eachFrame(() => {
    const items = [...store.items.values()].filter((i) => i.openid === openid && (i.push || i.kind === "message")).slice(-shown);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const entries = [];
    let last = 0;
    for (const item of items) {
      const at = new Date(item.at);
      if (at - last > 5 * 60e3 || at < last) entries.push(h("li", { class: "when" }, `${day(at)} ${clockTime(at).slice(0, 5)}`));
      last = at;
      entries.push(...exchange(item, { open: browser.open, tap: (content, menu_id) => send("text", { content, menu_id }) }, menu.name));
    }
    if (entries.length === 0) entries.push(h("li", { class: "empty" }, h("img", { src: "/page/icon.svg", alt: "", width: 56, height: 56 }), h("strong", null, t("yourAccount")), h("p", null, t("emptyPhone"))));
    log.replaceChildren(...entries);
    mark();
    if (atEnd) log.scrollTop = log.scrollHeight;
  });

  const mark = () => {
    for (const entry of log.querySelectorAll("[data-id]")) entry.classList.toggle("selected", Number(entry.dataset.id) === store.selected?.id);
  };

  drawLog();
  return { element, drawState, drawLog, mark };
}

// exchange is a push and what came of it.
function exchange(item, taps, buttonName) {
  const pick = { onclick: (e) => { if (!e.target.closest("a")) select(item.id); } };
  const about = (properties) => button({ class: "about", label: t("showDetails", item.id), ...properties }, () => select(item.id));
  const line = (text, bad) => h("li", { class: bad ? "line bad" : "line", "data-id": item.id, ...pick }, about({ text }));
  const bubble = (side, content) => h("li", { class: `bubble ${side}`, "data-id": item.id, ...pick }, h("div", null, content), about({ name: "log" }));
  const entries = [];
  if (item.kind === "message") return [bubble("in", answered(item.reply, taps) ?? t(`push-${item.reply.type}`))];
  const again = item.of ? ` · ${t("again")}` : "";
  const words = said(item.push);
  entries.push(words === null ? line(happened(item.push, buttonName) + again) : bubble("out", words));
  if (words !== null && again) entries.push(line(t("sentAgain")));
  if (!item.done) entries.push(h("li", { class: "bubble in waiting", "data-id": item.id }, h("div", null, h("span", { class: "dots", role: "img", "aria-label": t("underWay") }))));
  else if (item.failed) entries.push(line("该公众号提供的服务出现故障，请稍后再试", true));
  if (item.reply) {
    const content = answered(item.reply, taps);
    entries.push(content === null ? line(replyGist(item.reply)) : bubble("in", content));
  }
  return entries;
}

function composer(openid, send) {
  const input = h("input", { type: "text", name: "content", autocomplete: "off", "aria-label": t("sayWhat"), placeholder: t("sayWhat") });
  const files = h("input", { type: "file", accept: "image/png,image/jpeg,image/gif", hidden: true, onchange: async () => {
    await act(() => sendPicture(send, files.files[0]));
    files.value = "";
  } });
  const [plus, list] = choices({ label: t("sendOther"), name: "plus", class: "round" }, t("sendOther"), () => [
    ["picture", t("push-image"), () => files.click()],
    ["voice", t("push-voice"), () => send("voice")],
    ["video", t("push-video"), () => send("video")],
    ["video", t("push-shortvideo"), () => send("shortvideo")],
    ["place", t("push-location"), async () => { const v = await place(); if (v) send("location", v); }],
    ["link", t("push-link"), async () => {
      const v = await ask({ title: t("push-link"), submit: t("send"), fields: [{ name: "title", label: t("title-field"), value: t("sampleTitle"), required: true }, { name: "description", label: t("description") }, { name: "url", label: "URL", type: "url", value: "https://example.com/", required: true }] });
      if (v) send("link", v);
    }],
    ["file", t("push-file"), async () => {
      const v = await ask({ title: t("push-file"), submit: t("send"), fields: [{ name: "title", label: t("fileName"), value: "plan.pdf", required: true }] });
      if (v) send("file", v);
    }],
    ["place", t("push-LOCATION"), async () => { const v = await place(false); if (v) send("report_location", v); }],
    ["scan", t("push-SCAN"), async () => {
      const v = await ask({ title: t("push-SCAN"), intro: t("sceneIntro"), submit: t("send"), fields: [{ name: "scene", label: t("scene"), value: "spring", required: true }] });
      if (v) send("scan", v);
    }],
  ]);
  return h("form", { class: "composer", onsubmit: (e) => {
    e.preventDefault();
    const content = input.value;
    if (content === "") return;
    input.value = "";
    send("text", { content });
  } }, plus, list, files, input, h("button", { class: "round main", "aria-label": t("send"), title: t("send") }, icon("send")));
}

async function sendPicture(send, file) {
  if (!file) return;
  const { media_id } = await api("POST", "/api/media", file);
  await send("image", { media_id });
}

function place(labelled = true) {
  return ask({
    title: t("push-location"), submit: t("send"),
    fields: [
      { name: "latitude", label: t("latitude"), type: "number", value: 39.9087, min: -90, max: 90, required: true },
      { name: "longitude", label: t("longitude"), type: "number", value: 116.3975, min: -180, max: 180, required: true },
      labelled && { name: "label", label: t("placeName"), value: "天安门" },
    ].filter(Boolean),
  });
}

async function raw(openid, send) {
  const values = await ask({
    title: t("rawPush"), intro: t("rawIntro"), wide: true, submit: t("send"),
    fields: [{ name: "message", label: "XML", type: "textarea", required: true, value: `<xml>\n  <ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\n  <FromUserName><![CDATA[${openid}]]></FromUserName>\n  <CreateTime>${Math.floor(new Date(store.state.clock.now) / 1000)}</CreateTime>\n  <MsgType><![CDATA[event]]></MsgType>\n  <Event><![CDATA[user_enter_tempsession]]></Event>\n</xml>` }],
  });
  if (values) await send("raw", values);
}

// menuBar is the account's menu as this user sees it.
function menuBar(openid, send, browser) {
  const element = h("nav", { class: "menu", "aria-label": t("menu") });
  let drawn;
  let buttons = [];

  const taps = {
    click: (b) => send("click", { key: b.key }),
    view: (b) => { browser.open(b.url); return send("view", { url: b.url }); },
    miniprogram: (b) => { say(t("miniprogramSays", b.appid)); return send("miniprogram", { path: b.pagepath }); },
    scancode_push: (b) => scan(b),
    scancode_waitmsg: (b) => scan(b),
    pic_sysphoto: (b) => pictures(b),
    pic_photo_or_album: (b) => pictures(b),
    pic_weixin: (b) => pictures(b),
    location_select: async (b) => {
      const v = await place();
      if (!v) return;
      await send("location_select", { key: b.key, ...v });
      await send("location", v);
    },
  };
  const scan = async (b) => {
    const v = await ask({ title: b.name, submit: t("scan"), fields: [{ name: "content", label: t("codeSays"), value: "https://example.com/1", required: true }] });
    if (v) await send(b.type, { key: b.key, ...v });
  };
  const pictures = (b) => h("input", { type: "file", accept: "image/png,image/jpeg,image/gif", onchange: async (e) => {
    await send(b.type, { key: b.key });
    await act(() => sendPicture(send, e.target.files[0]));
  } }).click();
  const tap = (b) => {
    if (taps[b.type]) return taps[b.type](b);
    return say(t("noPush", b.type));
  };

  const draw = async () => {
    const mark = `${store.state.run} ${store.state.menu} ${store.state.kind} ${follower(openid)?.follows} ${follower(openid)?.language}`;
    if (drawn === mark || !follower(openid)?.follows) return;
    drawn = mark;
    const answer = await act(() => api("GET", `/api/followers/${openid}/menu`));
    buttons = answer?.button ?? (Array.isArray(answer) ? answer : []);
    element.replaceChildren(...buttons.flatMap((b) => {
      if (!b.sub_button?.length) return [button({ text: b.name }, () => tap(b))];
      return choices({ text: [icon("menu"), b.name] }, b.name, () => b.sub_button.map((s) => ["", s.name, () => tap(s)]));
    }));
    element.hidden = buttons.length === 0;
  };

  // name returns the name of the button with that key or address.
  const name = (key) => buttons.flatMap((b) => [b, ...(b.sub_button ?? [])]).find((b) => b.key === key || b.url === key)?.name;
  return { element, draw, name };
}

// pageOverlay is WeChat's browser in the phone. Addresses of the account are opened at the phone's own; others are opened in
// a window of their own, since other sites refuse frames.
function pageOverlay(user) {
  const title = h("span");
  const frame = h("iframe", { title: t("pageInPhone") });
  const close = () => {
    element.hidden = true;
    frame.src = "about:blank";
  };
  const element = h("div", { class: "overlay", hidden: true, onkeydown: (e) => { if (e.key === "Escape") close(); } },
    h("header", null, button({ label: t("close"), name: "close", class: "quiet" }, close), title, button({ label: t("reload"), name: "again", class: "quiet" }, () => { frame.src = frame.src; })),
    frame);
  const open = (url) => {
    const own = inPhone(url, user());
    if (!own) {
      window.open(url, "_blank", "noopener,noreferrer");
      return;
    }
    title.textContent = new URL(own).pathname;
    frame.src = own;
    element.hidden = false;
    element.querySelector("button").focus();
  };
  return { element, open };
}

// inPhone is the address at the phone of a page of the account, or null for another page.
function inPhone(url, user) {
  if (!user.pages_url) return null;
  const { origin, pathname, search, hash } = new URL(url, user.pages_url);
  const owns = [user.pages_url, store.state.account_url, store.state.public_url].filter(Boolean).map((u) => new URL(u).origin);
  if (!owns.includes(origin)) return null;
  return new URL(pathname + search + hash, user.pages_url).href;
}
