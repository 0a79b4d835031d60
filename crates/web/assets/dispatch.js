// Sends what is in the outbox, one after the other in the order of writing. Of all tabs of a browser one sends at a
// time (Web Locks), and every tab hears what becomes of each message. No connection: waits and tries again.

import { on, signedOut } from "./live.js";
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
    const ready = (await outbox.waiting()).filter((message) => !message.refused);
    const [next] = ready;
    if (!next) return true;
    if (!(await post(next))) {
      ready.forEach(({ id, channel }) => tellFate({ id, channel, state: "waiting" }));
      return false;
    }
    retryIn = RETRY_FIRST;
  }
}

/**
 * Sends one message; false where it is to be tried again.
 * @param {import("./outbox.js").Waiting} message
 */
async function post(message) {
  const { id, channel, text, shown } = message;
  let answer, said;
  try {
    answer = await fetch(`/messages/${channel}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      // Should somebody else be signed in by now, it is not sent in their name.
      body: JSON.stringify({ id, text, shown, author: me }),
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
    const why = said?.message ?? "This could not be sent.";
    await outbox.keep({ ...message, refused: why });
    tellFate({ id, channel, state: "refused", why });
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
