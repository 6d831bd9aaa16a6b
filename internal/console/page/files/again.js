// Sends deliveries again.
import { ask } from "./dialog.js";
import { t } from "./text.js";
import { api, act, say, select } from "./store.js";
import { heading } from "./format.js";

// replay sends deliveries again and selects the first of the new ones.
export const replay = (body) => act(async () => {
  const { items } = await api("POST", "/api/replay", body);
  if (items.length > 0) select(items[0].id);
  say(t("sentN", items.length));
});

// edit asks for another message instead of the item's.
export async function edit(item) {
  const values = await ask({
    title: t("editAndSend"), intro: t("editIntro"), wide: true, submit: t("send"),
    fields: [
      { name: "message", label: t("messageXML"), type: "textarea", value: item.message, rows: 14, required: true },
      { name: "time", label: t("time"), type: "select", value: "now", options: [["now", t("time-now")], ["same", t("time-same")]] },
    ],
  });
  if (values) await replay({ items: [item.id], ...values });
}

// more asks how the item, or all from it on, is sent again.
export async function more(item) {
  const values = await ask({
    title: t("sendAgain"), intro: heading(item), submit: t("send"),
    fields: [
      { name: "which", label: t("which"), type: "select", options: [["this", t("which-this")], ["from", t("which-from")], ["rewind", t("which-rewind")]] },
      { name: "time", label: t("time"), type: "select", options: [["same", t("time-same")], ["now", t("time-now")], ["late", t("time-late")]] },
      { name: "late", label: t("howLate"), value: "1h", hint: t("howLateHint") },
      { name: "copies", label: t("copies"), type: "select", options: [["", t("copies-wechat")], ["1", "1"], ["2", "2"], ["3", "3"]] },
      { name: "parallel", label: t("parallel"), type: "number", value: 1, min: 1, max: 10 },
      { name: "shuffle", label: t("shuffle"), type: "checkbox" },
      { name: "target", label: t("target"), type: "url", placeholder: "http://127.0.0.1:3000/login/wechat", hint: t("targetHint") },
    ],
  });
  if (!values) return;
  const body = values.which === "this" ? { items: [item.id] } : { from: item.id, rewind: values.which === "rewind" };
  body.time = values.time === "late" ? values.late : values.time;
  if (values.copies) body.copies = Number(values.copies);
  if (values.parallel > 1) body.parallel = values.parallel;
  if (values.shuffle) body.shuffle = true;
  if (values.target) body.target = values.target;
  await replay(body);
}
