// Where one was in a conversation: a page that is loaded anew, or come back to, opens there.

import * as entries from "./entries.js";
import { loadBackTo, isComplete } from "./history.js";
import { visibleAnchor, isAtEnd, scrollToOffset } from "./scroll.js";

/**
 * @typedef {object} ScrollPosition
 * @property {string} id the first message in sight
 * @property {number} position
 * @property {number} offset how far from the lower end of the log, in pixels
 * @property {boolean} [isSought] a page that should hold it has been asked for
 */

const key = `place:${entries.channel}`;
/** Messages before the one to return to, where a page is asked for that begins near it. */
const CONTEXT = 20;

/** On the way to a page that should hold the place. */
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
    // Then the page opens as it would for the first time.
  }
}

/** Goes to where one was; false where there is no such place, or not on this page. */
export async function restoreScrollPosition() {
  const saved = takeStored();
  const [navigation] = performance.getEntriesByType("navigation");
  const isAgain = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  if (!saved || !(isAgain || saved.isSought)) return false;
  const isHere = entries.find(saved.id) || (saved.position < entries.firstPosition() && (await loadBackTo(saved.position)));
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
    if (saved && Number.isFinite(position)) store({ id: entries.idOf(saved.entry), position, offset: saved.offset });
  });
}
