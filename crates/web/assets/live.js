// The page's stream of live updates: one EventSource, which comes back by itself and is given what it missed.

/**
 * @typedef {{channel: string, id: string, position: number, author: string, name: string, at: string, preview: string, html: string}} Sent
 * @typedef {{channel: string, id: string, position: number, preview: string, html: string}} Changed
 * @typedef {{channel: string, person: string, position: number, at: string}} Read
 * @typedef {{channel: string, title: string, kind: string, archived: boolean}} Channel
 * @typedef {{channel: string, joined: {person: string, name: string}[], left: string[]}} Members
 * @typedef {{channel: string, person: string, name: string}} Typing
 * @typedef {{message: Sent, changed: Changed, read: Read, channel: Channel, members: Members, typing: Typing,
 *   gone: {channel: string}, reset: {}, "signed-out": {}, up: {}, down: {}}} News
 */

/** How long the page stays quiet about a lost connection, in milliseconds. */
const QUIET_FOR = 3000;
const RETRY_FIRST = 1000;
const RETRY_MOST = 30_000;
/** A page hidden for longer asks for a new stream: the old one may be dead without knowing. */
const DOUBTED_AFTER = 20_000;

const FROM_SERVER = ["message", "changed", "read", "channel", "members", "typing", "gone", "reset", "signed-out"];

/** @type {Map<string, ((data: any) => void)[]>} */
const listeners = new Map();
/** @type {EventSource | null} */
let source = null;
let seq = document.body.dataset.seq ?? "";
let isUp = false;
let retryIn = RETRY_FIRST;
let retryTimer = 0;
let quietTimer = 0;
let hiddenAt = 0;

/**
 * Calls `listener` for every piece of news of this name.
 * @template {keyof News} Name
 * @param {Name} name
 * @param {(data: News[Name]) => void} listener
 */
export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

/** @param {string} name @param {unknown} data */
function tell(name, data) {
  for (const listener of listeners.get(name) ?? []) listener(data);
}

/** Whether the stream is open. */
export const isConnected = () => isUp;

/** Opens the stream, or opens it anew. */
export function connect() {
  clearTimeout(retryTimer);
  source?.close();
  const opened = new EventSource(`/live?after=${seq}`);
  source = opened;
  opened.onopen = up;
  opened.onerror = () => {
    if (opened !== source) return;
    down();
    // Where it was refused, the browser does not try again.
    if (opened.readyState === EventSource.CLOSED) retry();
  };
  for (const name of FROM_SERVER) {
    opened.addEventListener(name, (event) => {
      if (opened !== source || !(event instanceof MessageEvent)) return;
      if (event.lastEventId) seq = event.lastEventId;
      tell(name, JSON.parse(event.data));
    });
  }
}

function up() {
  isUp = true;
  retryIn = RETRY_FIRST;
  clearTimeout(quietTimer);
  quietTimer = 0;
  show(false);
  tell("up", {});
}

function down() {
  if (isUp) tell("down", {});
  isUp = false;
  quietTimer ||= window.setTimeout(show, QUIET_FOR, true);
}

function retry() {
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(async () => {
    try {
      const answer = await fetch("/messages/counts", { headers: { accept: "application/json" } });
      if (answer.status === 401) return signedOut();
    } catch {
      // No connection: the stream will find that out as well.
    }
    connect();
  }, retryIn);
  retryIn = Math.min(retryIn * 2, RETRY_MOST);
}

/** Goes to where one signs in, and comes back here after. */
export function signedOut() {
  location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`);
}

/** @param {boolean} isMissing */
function show(isMissing) {
  const bar = document.getElementById("connection");
  if (bar) bar.hidden = !isMissing;
}

on("reset", () => location.reload());
on("signed-out", signedOut);

window.addEventListener("online", connect);
window.addEventListener("offline", down);
// A page kept for going back to must not hold a stream open.
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") hiddenAt = Date.now();
  else if (hiddenAt && Date.now() - hiddenAt > DOUBTED_AFTER) connect();
});
