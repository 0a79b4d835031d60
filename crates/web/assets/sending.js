// Sends what is in the outbox, one after the other in the order of writing. No connection: waits and tries again.
// Refused: says why at the message, with Retry and Delete.

import { on, signedOut } from "./live.js";
import * as entries from "./entries.js";
import * as outbox from "./outbox.js";
import { keeping, toEnd } from "./scroll.js";
import { shownPosition } from "./reading.js";
import { isComplete } from "./further.js";

const RETRY_FIRST = 2000;
const RETRY_MOST = 30_000;

const fates = /** @type {HTMLTemplateElement} */ (document.getElementById("fate"));

let isSending = false;
let retryIn = RETRY_FIRST;
let retryTimer = 0;

/** Sends a text: it stands in the conversation at once. @param {string} text */
export async function send(text) {
  const message = { id: outbox.newId(), channel: entries.channel, text, shown: shownPosition(), at: new Date().toISOString() };
  await outbox.keep(message);
  // From the middle of a long history an own message leads back to its end.
  if (isComplete()) {
    entries.markFresh(null);
    entries.pending(message.id, text, message.at);
    toEnd();
    pump();
  } else {
    await pump();
    location.assign(`/messages/${entries.channel}`);
  }
}

/** A message has arrived by another way: it need not be sent any more. @param {string} id */
export function settled(id) {
  outbox.forget(id);
}

/** Takes a text back to the page that could not be sent. @param {string} id */
async function discard(id) {
  await outbox.forget(id);
  entries.remove(id);
}

/** @param {string} id */
async function again(id) {
  const message = (await outbox.waiting()).find((other) => other.id === id);
  if (!message) return;
  const { refused: _, ...fresh } = message;
  await outbox.keep(fresh);
  mark(id, "sending");
  pump();
}

/** Shows what has become of a message. @param {string} id @param {"sending" | "waiting" | "refused"} state @param {string} [why] */
function mark(id, state, why) {
  const entry = entries.find(id);
  if (!entry || Number.isFinite(entries.positionOf(entry))) return;
  keeping(() => {
    entry.classList.remove("sending", "waiting", "refused");
    entry.classList.add(state);
    entry.querySelector(":scope > .fate")?.remove();
    const fate = fates.content.querySelector(`[data-${state}]`)?.cloneNode(true);
    if (!(fate instanceof HTMLElement)) return;
    const reason = fate.querySelector("[data-why]");
    if (reason) reason.textContent = why ?? "";
    fate.querySelector("[data-retry]")?.addEventListener("click", () => again(id));
    fate.querySelector("[data-discard]")?.addEventListener("click", () => discard(id));
    entry.append(fate);
  });
}

/** Sends until nothing is left that can be sent. */
async function pump() {
  if (isSending) return;
  isSending = true;
  clearTimeout(retryTimer);
  try {
    for (;;) {
      const next = (await outbox.waiting()).find((message) => !message.refused);
      if (!next) break;
      if (!(await post(next))) {
        retryTimer = window.setTimeout(pump, retryIn);
        retryIn = Math.min(retryIn * 2, RETRY_MOST);
        for (const message of await outbox.waiting()) if (!message.refused) mark(message.id, "waiting");
        break;
      }
      retryIn = RETRY_FIRST;
    }
  } finally {
    isSending = false;
  }
}

/**
 * Sends one message; false where it is to be tried again.
 * @param {import("./outbox.js").Waiting} message
 */
async function post({ id, channel, text, shown, at }) {
  let answer;
  try {
    answer = await fetch(`/messages/${channel}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ id, text, shown }),
    });
  } catch {
    return false;
  }
  if (answer.status === 401) {
    signedOut();
    return false;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return false;
  const said = await answer.json().catch(() => null);
  if (answer.ok) {
    if (said && channel === entries.channel) entries.place(id, said.html);
    await outbox.forget(id);
  } else {
    const refused = said?.message ?? "This could not be sent.";
    await outbox.keep({ id, channel, text, shown, at, refused });
    mark(id, "refused", refused);
  }
  return true;
}

export async function keepSending() {
  if (isComplete()) {
    for (const message of await outbox.waiting()) {
      if (message.channel !== entries.channel) continue;
      entries.pending(message.id, message.text, message.at);
      if (message.refused) mark(message.id, "refused", message.refused);
    }
  }
  on("up", () => {
    retryIn = RETRY_FIRST;
    pump();
  });
  pump();
}
