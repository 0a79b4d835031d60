// Sends the messages of the outbox one by one, in the order of writing. Only one tab of a browser sends at a time (Web
// Locks), and all tabs are told the status of each message. Without a connection it waits and retries.

import { on, signedOut } from "./live.js";
import * as attachments from "./attachments.js";
import * as outbox from "./outbox.js";

/**
 * The status of an outgoing message. `gone` means that the user discarded it.
 * @typedef {{id: string, channel: string, state: "sending" | "waiting" | "refused" | "sent" | "gone", why?: string, html?: string}} SendStatus
 */

const RETRY_FIRST = 2000;
const RETRY_MAX = 30_000;
/** A response must arrive within this time, in milliseconds. */
const ANSWER_WITHIN = 30_000;

const me = document.body.dataset.me ?? "";
const lockName = `outbox:${me}`;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(lockName) : null;

/** @type {((status: SendStatus) => void)[]} */
const listeners = [];
/** The messages whose files this tab is uploading. @type {Set<string>} */
const uploading = new Set();
let isScheduled = false;
let retryIn = RETRY_FIRST;
let retryTimer = 0;
/** Serializes the work of this tab in browsers without locks. @type {Promise<void>} */
let previous = Promise.resolve();

/** Calls `listener` with every change of status, whichever tab sends the message. @param {(status: SendStatus) => void} listener */
export function onSendStatus(listener) {
  listeners.push(listener);
}

/** @param {SendStatus} status */
export function publishSendStatus(status) {
  tabs?.postMessage(status);
  listeners.forEach((listener) => listener(status));
}

/** Sends everything that can be sent as soon as this tab has the lock. */
export function dispatch() {
  if (isScheduled) return;
  isScheduled = true;
  clearTimeout(retryTimer);
  const work = async () => {
    isScheduled = false;
    if (!(await sendAll().catch(() => false))) retryLater();
  };
  if (navigator.locks) navigator.locks.request(lockName, work);
  else previous = previous.then(work);
}

function retryLater() {
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(dispatch, retryIn);
  retryIn = Math.min(retryIn * 2, RETRY_MAX);
}

/** Sends until nothing is left that can be sent. Returns false without a connection. */
async function sendAll() {
  for (;;) {
    const ready = [];
    for (const message of await outbox.waiting()) {
      if (message.refused) continue;
      const uploads = await attachments.uploadIdsOf(message.attachments ?? []);
      // Other messages need not wait for its files.
      if (uploads) ready.push({ ...message, uploads });
      else uploadFiles(message);
    }
    const [next] = ready;
    if (!next) return true;
    if (!(await post(next, next.uploads))) {
      ready.forEach(({ id, channel }) => publishSendStatus({ id, channel, state: "waiting" }));
      return false;
    }
    retryIn = RETRY_FIRST;
  }
}

/** Uploads the files of a message and then has it sent. @param {import("./outbox.js").Waiting} message */
async function uploadFiles(message) {
  const { id } = message;
  if (uploading.has(id)) return;
  uploading.add(id);
  try {
    await Promise.all((message.attachments ?? []).map(attachments.ensureUploaded));
  } catch (error) {
    if (await outbox.find(id)) await refuse(message, error instanceof Error ? error.message : "");
  }
  uploading.delete(id);
  dispatch();
}

/** @param {import("./outbox.js").Waiting} message @param {string} why */
async function refuse(message, why) {
  const { id, channel } = message;
  await outbox.update({ ...message, refused: why });
  publishSendStatus({ id, channel, state: "refused", why });
}

/**
 * Sends one message. Returns false if it should be retried.
 * @param {import("./outbox.js").Waiting} message
 * @param {string[]} uploads ids of its uploaded files
 */
async function post(message, uploads) {
  const { id, channel, text, shown } = message;
  let response, body;
  try {
    response = await fetch(`/messages/${channel}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      // If somebody else has signed in meanwhile, the server refuses it.
      body: JSON.stringify({ id, text, shown, author: me, attachments: uploads }),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    body = await response.json();
  } catch {
    if (!response || response.ok) return false;
  }
  if (response.status === 401) {
    signedOut();
    return false;
  }
  if (response.status >= 500 || response.status === 429 || response.status === 408) return false;
  if (response.ok) {
    await outbox.forget(id);
    publishSendStatus({ id, channel, state: "sent", html: body.html });
  } else {
    await refuse(message, body?.message ?? "This could not be sent.");
  }
  return true;
}

/** Starts sending; runs on every page of the portal. */
export function initDispatch() {
  tabs?.addEventListener("message", ({ data }) => listeners.forEach((listener) => listener(data)));
  on("up", () => {
    retryIn = RETRY_FIRST;
    dispatch();
  });
  // The message has arrived even if the response was lost.
  on("message", ({ author, id }) => {
    if (author === me) outbox.forget(id);
  });
  dispatch();
}
