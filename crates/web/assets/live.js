// Live updates for a page while it is open, by name, and the state of the connection.

import { Tabs } from "./tabs.js";

/**
 * @typedef {{channel: string, id: string, position: number, author: string, name: string, at: string, preview: string, html: string}} Sent
 * @typedef {{channel: string, id: string, position: number, preview: string, html: string}} Changed
 * @typedef {{channel: string, person: string, position: number, at: string}} Read
 * @typedef {{channel: string, title: string, kind: string, archived: boolean}} Channel
 * @typedef {{channel: string, joined: {person: string, name: string}[], left: string[]}} Members
 * @typedef {{channel: string, person: string, name: string}} Typing
 * @typedef {{message: Sent, changed: Changed, read: Read, channel: Channel, members: Members, typing: Typing,
 *   notice: {channel: string}, file: {channel: string, id: string}, gone: {channel: string}, reset: {}, "signed-out": {}, up: {}, down: {}}} LiveEvents
 */

/** A connection must be lost for this long before the page says so, in milliseconds. */
const QUIET_FOR = 3000;
/** A page that was hidden for longer checks its connection, in milliseconds. */
const STALE_AFTER = 20_000;

/** @type {Map<string, ((data: any) => void)[]>} */
const listeners = new Map();
let isUp = false;
let quietTimer = 0;
let hiddenAt = 0;

const tabs = new Tabs(document.body.dataset.me ?? "", Number(document.body.dataset.seq), {
  event: publish,
  state: setUp,
  signedOut,
});

/**
 * Calls `listener` for every event of this name.
 * @template {keyof LiveEvents} Name
 * @param {Name} name
 * @param {(data: LiveEvents[Name]) => void} listener
 */
export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

/** @param {string} name @param {unknown} data */
function publish(name, data) {
  for (const listener of listeners.get(name) ?? []) listener(data);
}

/** Opens the event stream. */
export function connect() {
  tabs.join();
}

/** @param {boolean} isNowUp */
function setUp(isNowUp) {
  if (isNowUp) {
    clearTimeout(quietTimer);
    quietTimer = 0;
    showConnectionBar(false);
  } else {
    quietTimer ||= window.setTimeout(showConnectionBar, QUIET_FOR, true);
  }
  const hasChanged = isNowUp !== isUp;
  isUp = isNowUp;
  if (hasChanged) publish(isUp ? "up" : "down", {});
}

/** Goes to the sign-in page, which leads back here. */
export function signedOut() {
  location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`);
}

/** @param {boolean} isMissing */
function showConnectionBar(isMissing) {
  const bar = document.getElementById("connection");
  if (bar) bar.hidden = !isMissing;
}

on("reset", () => location.reload());
on("signed-out", signedOut);

window.addEventListener("online", () => tabs.renew());
window.addEventListener("offline", () => setUp(false));
// A page in the back/forward cache must not keep a stream open.
window.addEventListener("pagehide", () => tabs.leave());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") hiddenAt = Date.now();
  else if (hiddenAt && Date.now() - hiddenAt > STALE_AFTER) tabs.checkConnection();
});
