// Bubbles: what is said in a conversation.
import { h, icon } from "./dom.js";
import { t } from "./text.js";
import { gist, kind } from "./format.js";

// picture shows a picture of the platform, or says that it is none.
function picture(mediaID, label) {
  const frame = h("span", { class: "picture" });
  frame.append(h("img", { src: `/media/${encodeURIComponent(mediaID)}`, alt: label, loading: "lazy", onerror: () => frame.replaceChildren(icon("picture"), label) }));
  return frame;
}

const media = (name, label, more) => h("span", { class: "media" }, icon(name), label, more && h("small", null, more));

const card = (title, description, link, extra) => h(link ? "a" : "span", { class: "card", ...link }, h("strong", null, title || t("untitled")), description && h("small", null, description), extra);

// said is the bubble of a message, or null for an event.
export function said(push) {
  switch (push.MsgType) {
    case "text": return push.Content || " ";
    case "image": return picture(push.MediaID, t("push-image"));
    case "voice": return media("voice", t("push-voice"), push.Recognition);
    case "video": case "shortvideo": return media("video", t(`push-${push.MsgType}`));
    case "location": return media("place", push.Label || t("push-location"), `${push.Latitude}, ${push.Longitude}`);
    case "link": return card(push.Title, push.Description);
    case "file": return media("file", push.Title || t("push-file"));
    case "event": return null;
    default: return media("more", push.MsgType);
  }
}

// happened says an event in a line.
export function happened(push, buttonName) {
  switch (push.Event) {
    case "subscribe": return push.EventKey ? t("followedBy", gist(push)) : t("followed");
    case "unsubscribe": return t("unfollowed");
    case "CLICK": case "VIEW": return t("tapped", buttonName(push.EventKey) ?? push.EventKey);
    default: return [kind(push), gist(push)].filter(Boolean).join(" · ");
  }
}

// answered is the bubble of a reply, or null if it shows none. open opens a link; tap sends a text with the id of a menu.
export function answered(reply, { open, tap }) {
  const link = (url) => ({ href: url, onclick: (e) => { e.preventDefault(); open(url); } });
  switch (reply.type) {
    case "text": return rich(reply.content ?? "", link, tap);
    case "image": return picture(reply.media_id, t("push-image"));
    case "voice": return media("voice", t("push-voice"));
    case "video": return media("video", reply.title || t("push-video"), reply.description);
    case "music": return media("voice", reply.title || t("push-music"), reply.description);
    case "news": return h("span", { class: "news" }, (reply.articles ?? []).map((a) => card(a.title, a.description, link(a.url),
      a.picurl && h("img", { src: a.picurl, alt: "", loading: "lazy", referrerpolicy: "no-referrer", onerror: (e) => e.target.remove() }))));
    default: return null;
  }
}

const anchors = /<a\s+([^>]*)>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"'“”，。）]+)/gi;

// rich is a text with its links: the platform knows <a href> in replies, and shows addresses as links.
function rich(text, link, tap) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(anchors)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    parts.push(match[3] ? h("a", link(match[3]), match[3]) : anchor(match[1], match[2], link, tap));
  }
  parts.push(text.slice(end));
  return parts;
}

function anchor(attributes, caption, link, tap) {
  const href = /href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))/i.exec(attributes);
  const url = unescape(href?.[1] ?? href?.[2] ?? href?.[3] ?? "");
  if (url.startsWith("weixin://bizmsgmenu?")) {
    const values = new URLSearchParams(url.slice(url.indexOf("?")));
    const content = values.get("msgmenucontent") ?? "";
    return h("a", { href: "#", role: "button", onclick: (e) => { e.preventDefault(); tap(content, values.get("msgmenuid") ?? ""); } }, caption);
  }
  if (/^https?:/.test(url)) return h("a", link(url), caption);
  return caption;
}

const unescape = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name]);
