// The unread count: at the module, in the window title and on the icon.

import { on } from "./live.js";

const badge = document.querySelector("[data-unread]");
const me = document.body.dataset.me;
/** Reasons to refresh within this time cause one request, in milliseconds. */
const REFRESH_AFTER = 400;

/** @typedef {{unread: number, channels: {id: string, unread: number}[]}} Counts */

let count = Number(badge?.querySelector("[data-count]")?.textContent ?? 0);
let title = document.title;
let refreshTimer = 0;
/** @type {((counts: Counts) => void)[]} */
const listeners = [];

/** Calls `listener` with fresh counts after every refresh. @param {(counts: Counts) => void} listener */
export function onCounts(listener) {
  listeners.push(listener);
}

/** Loads the counts from the server soon. */
export function refreshCounts() {
  refreshTimer ||= window.setTimeout(async () => {
    refreshTimer = 0;
    try {
      const response = await fetch("/messages/counts", { headers: { accept: "application/json" } });
      if (!response.ok) return;
      /** @type {Counts} */
      const counts = await response.json();
      addToCount(counts.unread - count);
      for (const listener of listeners) listener(counts);
    } catch {
      // Without a connection the counts stay; they are refreshed when it is back.
    }
  }, REFRESH_AFTER);
}

/** Adds to the count. @param {number} by */
export function addToCount(by) {
  count = Math.max(0, count + by);
  show();
}

/** Sets the window title, without the count. @param {string} words */
export function setTitle(words) {
  title = words;
  show();
}

function show() {
  document.title = count ? `(${count}) ${title}` : title;
  if (badge instanceof HTMLElement) {
    badge.hidden = count === 0;
    const figure = badge.querySelector("[data-count]");
    if (figure) figure.textContent = count > 99 ? "99+" : String(count);
  }
  markIcon(count > 0);
}

/** @type {HTMLImageElement | null} */
let icon = null;
let isMarked = false;

/** Adds or removes the dot on the icon. @param {boolean} isWanted */
async function markIcon(isWanted) {
  const link = document.querySelector("link[rel=icon]");
  if (isWanted === isMarked || !(link instanceof HTMLLinkElement)) return;
  isMarked = isWanted;
  link.dataset.plain ??= link.href;
  if (!isWanted) {
    link.href = link.dataset.plain;
    return;
  }
  if (!icon) {
    icon = new Image(64, 64);
    icon.src = link.dataset.plain;
  }
  await icon.decode().catch(() => {});
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const brush = canvas.getContext("2d");
  if (!brush || !isMarked) return;
  brush.drawImage(icon, 0, 0, 64, 64);
  brush.fillStyle = "#e5484d";
  brush.strokeStyle = "#fff";
  brush.lineWidth = 5;
  brush.beginPath();
  brush.arc(48, 16, 13, 0, 2 * Math.PI);
  brush.fill();
  brush.stroke();
  link.href = canvas.toDataURL("image/png");
}

/** Keeps the count up to date on a page without a channel list. */
export function initUnreadCount() {
  show();
  on("message", (sent) => {
    if (sent.author !== me) refreshCounts();
  });
  on("read", (read) => {
    if (read.person === me) refreshCounts();
  });
  on("gone", refreshCounts);
}

/** Shows the count on a page whose channel list keeps it up to date. */
export function showCount() {
  show();
}
