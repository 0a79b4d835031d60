// What has been read (M6): a message counts once it was on screen in a page that is visible and has the focus. A tab
// in the background reads nothing.

import { on } from "./live.js";
import * as entries from "./entries.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const list = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** This much of a message, or of the log, must be in sight. */
const ENOUGH = 0.6;
/** What is seen within this time is told at once, in milliseconds. */
const TELL_AFTER = 250;

let read = Number(log.dataset.read);
/** The newest position that was on screen, told or not. */
let shown = 0;
let telling = 0;
/** @type {Set<Element>} */
const inSight = new Set();
/** @type {(() => void)[]} */
const listeners = [];

/** The position up to which the server knows everything as read. */
export const readPosition = () => read;

/** The newest position that was on screen; 0 before the first. */
export const shownPosition = () => shown;

/** Calls `listener` when the read position has moved. @param {() => void} listener */
export function onRead(listener) {
  listeners.push(listener);
}

/** Whether somebody is looking at the conversation right now. */
export const isWatching = () =>
  document.visibilityState === "visible" && document.hasFocus() && getComputedStyle(log).visibility === "visible";

const observer = new IntersectionObserver((seen) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of seen) {
    const isEnough = intersectionRatio >= ENOUGH || intersectionRect.height >= ENOUGH * (rootBounds?.height ?? Infinity);
    if (isEnough) inSight.add(target);
    else inSight.delete(target);
  }
  look();
}, { root: log, threshold: [0, 0.2, 0.4, ENOUGH, 0.8, 1] });

function look() {
  if (!isWatching()) return;
  for (const entry of inSight) {
    const position = entries.positionOf(entry);
    if (entry.isConnected && Number.isFinite(position) && position > shown) shown = position;
  }
  if (shown > read) telling ||= window.setTimeout(tell, TELL_AFTER);
}

async function tell() {
  const position = shown;
  try {
    const answer = await fetch(`/messages/${entries.channel}/read`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ position }),
      keepalive: true,
    });
    if (answer.ok) moved(position);
  } catch {
    // Told again when the connection is back.
  }
  telling = 0;
  if (shown > position) look();
}

/** @param {number} position */
function moved(position) {
  if (position <= read) return;
  read = position;
  for (const listener of listeners) listener();
}

export function keepReading() {
  entries.all().forEach((entry) => observer.observe(entry));
  new MutationObserver((changes) => {
    for (const { target, addedNodes, removedNodes } of changes) {
      if (target !== list) continue;
      removedNodes.forEach((node) => node instanceof Element && observer.unobserve(node));
      addedNodes.forEach((node) => node instanceof Element && observer.observe(node));
    }
    // A message that got its position has not moved: look again at what is in sight.
    look();
  }).observe(list, { childList: true, subtree: true });
  look();
  window.addEventListener("focus", look);
  window.addEventListener("hashchange", look);
  document.addEventListener("visibilitychange", look);
  on("up", look);
  on("read", ({ channel, person, position }) => {
    if (channel === entries.channel && person === entries.me) moved(position);
  });
}
