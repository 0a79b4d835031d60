// The read position (M6). A message counts as read once it was on screen in a page that is visible and has the focus, never
// in a background tab.

import { on } from "./live.js";
import * as entries from "./entries.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const list = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** The share of a message, or of the log, that must be visible. */
const VISIBLE_MIN = 0.6;
/** Messages seen within this time are reported together, in milliseconds. */
const SEND_AFTER = 250;

let read = Number(log.dataset.read);
/** The newest position that was on screen, reported or not. */
let shown = 0;
let sendTimer = 0;
/** @type {Set<Element>} */
const inSight = new Set();
/** @type {(() => void)[]} */
const listeners = [];

/** The read position as the server knows it. */
export const readPosition = () => read;

/** The newest position that was on screen, or 0 if there is none yet. */
export const shownPosition = () => shown;

/** Calls `listener` when the read position moves. @param {() => void} listener */
export function onRead(listener) {
  listeners.push(listener);
}

/** Whether the user can see the conversation right now. */
export const isWatching = () =>
  document.visibilityState === "visible" &&
  document.hasFocus() &&
  getComputedStyle(log).visibility === "visible";

const observer = new IntersectionObserver(
  (seen) => {
    for (const { target, intersectionRatio, intersectionRect, rootBounds } of seen) {
      const isVisible =
        intersectionRatio >= VISIBLE_MIN ||
        intersectionRect.height >= VISIBLE_MIN * (rootBounds?.height ?? Infinity);
      if (isVisible) inSight.add(target);
      else inSight.delete(target);
    }
    update();
  },
  { root: log, threshold: [0, 0.2, 0.4, VISIBLE_MIN, 0.8, 1] },
);

function update() {
  if (!isWatching()) return;
  for (const entry of inSight) {
    const position = entries.positionOf(entry);
    if (entry.isConnected && Number.isFinite(position) && position > shown) shown = position;
  }
  if (shown > read) sendTimer ||= window.setTimeout(sendRead, SEND_AFTER);
}

async function sendRead() {
  const position = shown;
  try {
    const response = await fetch(`/messages/${entries.channel}/read`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ position }),
      keepalive: true,
    });
    if (response.ok) advance(position);
  } catch {
    // Reported again when the connection is back.
  }
  sendTimer = 0;
  if (shown > position) update();
}

/** @param {number} position */
function advance(position) {
  if (position <= read) return;
  read = position;
  for (const listener of listeners) listener();
}

export function initReading() {
  entries.all().forEach((entry) => observer.observe(entry));
  new MutationObserver((changes) => {
    for (const { target, addedNodes, removedNodes } of changes) {
      if (target !== list) continue;
      removedNodes.forEach((node) => node instanceof Element && observer.unobserve(node));
      addedNodes.forEach((node) => node instanceof Element && observer.observe(node));
    }
    // A message that was given its position does not cross a threshold, so look again.
    update();
  }).observe(list, { childList: true, subtree: true });
  update();
  window.addEventListener("focus", update);
  window.addEventListener("hashchange", update);
  document.addEventListener("visibilitychange", update);
  on("up", update);
  on("read", ({ channel, person, position }) => {
    if (channel === entries.channel && person === entries.me) advance(position);
  });
}
