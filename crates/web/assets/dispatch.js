// Sends what is in the outbox, one after the other in the order of writing. Of all tabs of a browser one sends at a
// time (Web Locks), and every tab hears what becomes of each message. No connection: waits and tries again.

import { on, signedOut } from "./live.js";
import * as attachments from "./attachments.js";
import * as outbox from "./outbox.js";

/**
 * What has become of a message: `sending` and `waiting` are on their way, `gone` was given up.
 * @typedef {{id: string, channel: string, state: "sending" | "waiting" | "refused" | "sent" | "gone", why?: string, html?: string}} Fate
 */

const RETRY_FIRST = 2000;
const RETRY_MOST = 30_000;
/** An answer that takes longer is no answer, in milliseconds. */
const ANSWER_WITHIN = 30_000;

const me = document.body.dataset.me ?? "";
const turn = `outbox:${me}`;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(turn) : null;

/** @type {((fate: Fate) => void)[]} */
const listeners = [];
/** The messages whose files this tab brings. @type {Set<string>} */
const bringing = new Set();
let isAsked = false;
let retryIn = RETRY_FIRST;
let retryTimer = 0;
/** Where there are no locks: what this tab does, one after the other. @type {Promise<void>} */
let before = Promise.resolve();

/** Calls `listener` with what becomes of messages, whichever tab sends them. @param {(fate: Fate) => void} listener */
export function onFate(listener) {
  listeners.push(listener);
}

/** @param {Fate} fate */
export function tellFate(fate) {
  tabs?.postMessage(fate);
  listeners.forEach((listener) => listener(fate));
}

/** Has everything sent that can be sent, as soon as it is this tab's turn. */
export function dispatch() {
  if (isAsked) return;
  isAsked = true;
  clearTimeout(retryTimer);
  const work = async () => {
    isAsked = false;
    if (!(await sendAll().catch(() => false))) later();
  };
  if (navigator.locks) navigator.locks.request(turn, work);
  else before = before.then(work);
}

function later() {
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(dispatch, retryIn);
  retryIn = Math.min(retryIn * 2, RETRY_MOST);
}

/** Sends until nothing is left that can be sent; false where there was no connection. */
async function sendAll() {
  for (;;) {
    const ready = [];
    for (const message of await outbox.waiting()) {
      if (message.refused) continue;
      const uploads = await attachments.uploadsOf(message.attachments ?? []);
      // Others need not wait until its files are there.
      if (uploads) ready.push({ ...message, uploads });
      else bringFiles(message);
    }
    const [next] = ready;
    if (!next) return true;
    if (!(await post(next, next.uploads))) {
      ready.forEach(({ id, channel }) => tellFate({ id, channel, state: "waiting" }));
      return false;
    }
    retryIn = RETRY_FIRST;
  }
}

/** Brings the files of a message, and has it sent then. @param {import("./outbox.js").Waiting} message */
async function bringFiles(message) {
  const { id } = message;
  if (bringing.has(id)) return;
  bringing.add(id);
  try {
    await Promise.all((message.attachments ?? []).map(attachments.bring));
  } catch (error) {
    if (await outbox.find(id)) await refuse(message, error instanceof Error ? error.message : "");
  }
  bringing.delete(id);
  dispatch();
}

/** @param {import("./outbox.js").Waiting} message @param {string} why */
async function refuse(message, why) {
  const { id, channel } = message;
  await outbox.keep({ ...message, refused: why });
  tellFate({ id, channel, state: "refused", why });
}

/**
 * Sends one message; false where it is to be tried again.
 * @param {import("./outbox.js").Waiting} message
 * @param {string[]} uploads of its files
 */
async function post(message, uploads) {
  const { id, channel, text, shown } = message;
  let answer, said;
  try {
    answer = await fetch(`/messages/${channel}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      // Should somebody else be signed in by now, it is not sent in their name.
      body: JSON.stringify({ id, text, shown, author: me, attachments: uploads }),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    said = await answer.json();
  } catch {
    if (!answer || answer.ok) return false;
  }
  if (answer.status === 401) {
    signedOut();
    return false;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return false;
  if (answer.ok) {
    await outbox.forget(id);
    tellFate({ id, channel, state: "sent", html: said.html });
  } else {
    await refuse(message, said?.message ?? "This could not be sent.");
  }
  return true;
}

/** Keeps sending, on every page of the portal. */
export function keepDispatching() {
  tabs?.addEventListener("message", ({ data }) => listeners.forEach((listener) => listener(data)));
  on("up", () => {
    retryIn = RETRY_FIRST;
    dispatch();
  });
  // It has arrived, whatever became of the answer.
  on("message", ({ author, id }) => {
    if (author === me) outbox.forget(id);
  });
  dispatch();
}
