// Where one was in a conversation: a page that is loaded anew, or come back to, opens there.

import * as entries from "./entries.js";
import { bring, isComplete } from "./further.js";
import { inSight, isAtEnd, putAt } from "./scroll.js";

/**
 * @typedef {object} Place
 * @property {string} id the first message in sight
 * @property {number} position
 * @property {number} offset how far from the lower end of the log, in pixels
 * @property {boolean} [isSought] a page that should hold it has been asked for
 */

const key = `place:${entries.channel}`;
/** Messages before the one to return to, where a page is asked for that begins near it. */
const BEFORE = 20;

/** On the way to a page that should hold the place. */
let isLeaving = false;

/** @returns {Place | null} */
function take() {
  try {
    const kept = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return kept ? JSON.parse(kept) : null;
  } catch {
    return null;
  }
}

/** @param {Place} place */
function keep(place) {
  try {
    sessionStorage.setItem(key, JSON.stringify(place));
  } catch {
    // Then the page opens as it would for the first time.
  }
}

/** Goes to where one was; false where there is no such place, or not on this page. */
export async function returnToPlace() {
  const place = take();
  const [navigation] = performance.getEntriesByType("navigation");
  const isAgain = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
  if (!place || !(isAgain || place.isSought)) return false;
  const isHere = entries.find(place.id) || (place.position < entries.firstPosition() && (await bring(place.position)));
  const entry = isHere ? entries.find(place.id) : null;
  if (entry) putAt(entry, place.offset);
  else if (!place.isSought) {
    isLeaving = true;
    keep({ ...place, isSought: true });
    location.replace(`/messages/${entries.channel}?after=${Math.max(0, place.position - 1 - BEFORE)}`);
  }
  return entry !== null;
}

export function keepPlace() {
  window.addEventListener("pagehide", () => {
    if (isLeaving) return;
    const place = isAtEnd() && isComplete() ? null : inSight();
    const position = place ? entries.positionOf(place.entry) : Infinity;
    if (place && Number.isFinite(position)) keep({ id: entries.idOf(place.entry), position, offset: place.offset });
  });
}
