// Remembers the scroll position of a conversation and restores it after a reload or on the way back.

import * as entries from "./entries.js";
import { loadBackTo, isComplete } from "./history.js";
import { visibleAnchor, isAtEnd, scrollToOffset } from "./scroll.js";

/**
 * @typedef {object} ScrollPosition
 * @property {string} id the first visible message
 * @property {number} position
 * @property {number} offset distance from the lower edge of the log, in pixels
 * @property {boolean} [isSought] whether a page that should contain it has been requested
 */

const key = `place:${entries.channel}`;
/** Messages to show before the saved one when another page is opened for it. */
const CONTEXT = 20;

/** Leaving for a page that should contain the saved position. */
let isLeaving = false;

/** @returns {ScrollPosition | null} */
function takeStored() {
  try {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return stored ? JSON.parse(stored) : null;
  } catch {
    return null;
  }
}

/** @param {ScrollPosition} saved */
function store(saved) {
  try {
    sessionStorage.setItem(key, JSON.stringify(saved));
  } catch {
    // Without storage the page opens as on a first visit.
  }
}

/** Restores the saved position. Returns false if there is none or it is not on this page. */
export async function restoreScrollPosition() {
  const saved = takeStored();
  const [navigation] = performance.getEntriesByType("navigation");
  const isAgain = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  if (!saved || !(isAgain || saved.isSought)) return false;
  const isHere =
    entries.find(saved.id) ||
    (saved.position < entries.firstPosition() && (await loadBackTo(saved.position)));
  const entry = isHere ? entries.find(saved.id) : null;
  if (entry) scrollToOffset(entry, saved.offset);
  else if (!saved.isSought) {
    isLeaving = true;
    store({ ...saved, isSought: true });
    location.replace(`/messages/${entries.channel}?after=${Math.max(0, saved.position - 1 - CONTEXT)}`);
  }
  return entry !== null;
}

export function initScrollPosition() {
  window.addEventListener("pagehide", () => {
    if (isLeaving) return;
    const saved = isAtEnd() && isComplete() ? null : visibleAnchor();
    const position = saved ? entries.positionOf(saved.entry) : Infinity;
    if (saved && Number.isFinite(position))
      store({ id: entries.idOf(saved.entry), position, offset: saved.offset });
  });
}
