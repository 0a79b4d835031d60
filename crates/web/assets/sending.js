// Outgoing messages in the conversation: shown at once, then waiting for a connection, refused with a reason, or replaced
// by the real message.

import * as entries from "./entries.js";
import * as attachments from "./attachments.js";
import * as outbox from "./outbox.js";
import * as tray from "./attachment_tray.js";
import { dispatch, initDispatch, onSendStatus, publishSendStatus } from "./dispatch.js";
import { preserveScroll } from "./scroll.js";
import { shownPosition } from "./reading.js";
import { isComplete } from "./history.js";
import { toNewest } from "./virtual_list.js";

const statusTemplates = /** @type {HTMLTemplateElement} */ (document.getElementById("fate"));

/** Sends a text with files. The message is shown at once and sent when its files are uploaded. @param {string} text @param {string[]} files */
export async function send(text, files) {
  const id = outbox.newId();
  const message = {
    id,
    channel: entries.channel,
    text,
    shown: shownPosition(),
    at: new Date().toISOString(),
    attachments: files,
  };
  entries.markFirstUnread(null);
  await showPending(message);
  toNewest();
  await outbox.add(message);
  dispatch();
}

/** @param {import("./outbox.js").Waiting} message */
async function showPending({ id, text, at, attachments: files = [] }) {
  const entry = entries.pending(id, text, at, files.length > 0);
  const place = entry.querySelector(".sending .attachments");
  if (place) await tray.showSent(place, files);
}

/** Discards a message that could not be sent. @param {string} id */
async function discard(id) {
  await outbox.forget(id);
  publishSendStatus({ id, channel: entries.channel, state: "gone" });
}

/** @param {string} id */
async function retry(id) {
  const message = (await outbox.waiting()).find((other) => other.id === id);
  if (!message) return;
  const { refused: _, ...fresh } = message;
  await attachments.recheck(message.attachments ?? []);
  await outbox.update(fresh);
  publishSendStatus({ id, channel: entries.channel, state: "sending" });
  dispatch();
}

/** Shows the status of a message. @param {import("./dispatch.js").SendStatus} status */
function show({ id, channel, state, why, html }) {
  const entry = entries.find(id);
  if (channel !== entries.channel || !entry || Number.isFinite(entries.positionOf(entry))) return;
  if (state === "gone") entries.remove(id);
  else if (state !== "sent") mark(entry, id, state, why);
  // Sending from the middle of a long history leads to its end.
  else if (!isComplete()) location.assign(`/messages/${channel}`);
  else if (html) entries.upsert(id, html);
}

/** @param {Element} entry @param {string} id @param {string} state @param {string} [why] */
function mark(entry, id, state, why) {
  preserveScroll(() => {
    entry.classList.remove("sending", "waiting", "refused");
    entry.classList.add(state);
    entry.querySelector(":scope > .fate")?.remove();
    const status = statusTemplates.content.querySelector(`[data-${state}]`)?.cloneNode(true);
    if (!(status instanceof HTMLElement)) return;
    const reason = status.querySelector("[data-why]");
    if (reason) reason.textContent = why ?? "";
    status.querySelector("[data-retry]")?.addEventListener("click", () => retry(id));
    status.querySelector("[data-discard]")?.addEventListener("click", () => discard(id));
    entry.append(status);
  });
}

export async function initSending() {
  onSendStatus(show);
  if (isComplete()) {
    for (const message of await outbox.waiting()) {
      const { id, channel, refused } = message;
      if (channel !== entries.channel) continue;
      await showPending(message);
      if (refused) show({ id, channel, state: "refused", why: refused });
    }
  }
  initDispatch();
}
