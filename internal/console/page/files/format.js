// Times, durations and names as the page shows them. Times are China's, as the platform's quotas are.
import { t, tag, translated } from "./text.js";
import { follower, store } from "./store.js";

const zone = "Asia/Shanghai";
const dayFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
const timeFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "medium" });

export const day = (date) => dayFormat.format(date);
export const clockTime = (date) => timeFormat.format(date);
export const moment = (date) => `${day(date)} ${clockTime(date)}`;

// ms writes milliseconds in three digits or so.
export function ms(n) {
  if (n >= 1000) return `${(n / 1000).toFixed(n >= 9950 ? 0 : 2)} s`;
  return `${n.toFixed(n >= 99.5 ? 0 : n >= 9.95 ? 1 : 2)} ms`;
}

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

// span writes seconds in the largest unit that fits.
export function span(seconds) {
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size - 0.5) ?? units[3];
  const n = Math.round(seconds / size * 10) / 10;
  return new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" }).format(n);
}

// ahead writes how far the clock is ahead, or nothing.
export function ahead(seconds) {
  if (Math.abs(seconds) < 1) return "";
  return `${seconds > 0 ? "+" : "−"}${span(Math.abs(seconds))}`;
}

// who is a user's name, or what is short of the openid.
export function who(openid) {
  return follower(openid)?.name || (openid?.length > 12 ? `${openid.slice(0, 4)}…${openid.slice(-4)}` : openid ?? "");
}

// hue is a user's colour, one of six: the phones' in their order, and one for all who have no phone.
export const hue = (openid) => (store.state.followers.findIndex((f) => f.openid === openid) + 6) % 6;

const named = new Set(["text", "image", "voice", "video", "shortvideo", "location", "link", "file", "subscribe", "unsubscribe", "SCAN", "LOCATION", "CLICK", "VIEW", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"]);

// kind names the kind of a push.
export function kind(push) {
  const name = push.MsgType === "event" ? push.Event : push.MsgType;
  return named.has(name) ? t(`push-${name}`) : name;
}

// gist is what a push says, in a line.
export function gist(push) {
  switch (push.MsgType) {
    case "text": return push.Content;
    case "location": return push.Label;
    case "link": case "file": return push.Title;
    case "event": return push.ScanCodeInfo?.ScanResult ?? push.SendLocationInfo?.Label ?? push.EventKey?.replace(/^qrscene_/, "") ?? "";
    default: return "";
  }
}

// heading is an item's title.
export function heading(item) {
  if (item.kind === "delivery" && item.push) {
    const says = gist(item.push);
    return says ? `${kind(item.push)} ${quote(says)}` : kind(item.push);
  }
  if (item.kind === "message") return t("customerService");
  return { "publish the menu": t("publishMenu"), "publish the files": t("publishFiles"), "answer a question": t("answerQuestion"), "rewind the records": t("rewindRecords"), unreadable: t("unreadable") }[item.title] ?? item.title;
}

const quote = (text) => t("quoted", text.length > 60 ? `${text.slice(0, 60)}…` : text);

// outcome is what came of an item, in a line.
export function outcome(item) {
  if (!item.done) return t("underWay");
  if (item.failed) return translated(item.error) || t("failed");
  if (item.kind === "visit" || item.kind === "task") return translated(item.error) ?? "";
  if (!item.reply) return t("noReply");
  return replyGist(item.reply);
}

// replyGist is what a reply says, in a line.
export function replyGist(reply) {
  switch (reply.type) {
    case "text": return reply.content.replace(/<[^>]*>/g, "");
    case "news": return reply.articles?.map((a) => a.title).join(" · ") ?? t("push-news");
    case "transfer_customer_service": return t("transferred");
    case "transfer_biz_ai_ivr": return t("transferredAI");
    default: return [t(`push-${reply.type}`), reply.title].filter(Boolean).join(" ");
  }
}

// result is the last answer of an item, for the end of its row.
export function result(item) {
  const last = item.attempts.at(-1);
  if (!last) return "";
  if (!last.done) return "…";
  return last.status ? String(last.status) : t("noAnswer");
}
