// The one place that scrolls the conversation: what is being read stays where it is, whatever is put in around it.
// The log is a reversed column: 0 is its end, older messages lie at negative offsets.

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const entries = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** This near to the end counts as being there, in pixels. */
const NEAR = 64;

export const isAtEnd = () => log.scrollTop > -NEAR;

/** How far the log is from its beginning, in pixels. */
export const fromBeginning = () => log.scrollHeight - log.clientHeight + log.scrollTop;

/**
 * What has to stay where it is: a message, and how far its text begins from the lower end of the log, in pixels. The text,
 * because the name above it goes when an older message of the same person comes in; the lower end, because the log is laid
 * out from there, so that also a phone's keyboard leaves this as it is.
 * @typedef {{entry: Element, offset: number}} Anchor
 */

/** @param {Element} entry */
const offsetOf = (entry) =>
  (entry.querySelector(".say") ?? entry).getBoundingClientRect().top - log.getBoundingClientRect().bottom;

/** The first message that can be seen at least in part; lines between messages come and go. */
function firstVisibleEntry() {
  const top = log.getBoundingClientRect().top;
  const all = entries.children;
  let [from, to] = [0, all.length];
  while (from < to) {
    const half = (from + to) >> 1;
    if (/** @type {Element} */ (all[half]).getBoundingClientRect().bottom > top) to = half;
    else from = half + 1;
  }
  /** @type {Element | null} */
  let found = all[from] ?? null;
  while (found && !found.classList.contains("entry")) found = found.nextElementSibling;
  return found;
}

/** What is being read: the first message in sight. @returns {Anchor | null} */
export function visibleAnchor() {
  const entry = firstVisibleEntry();
  return entry && { entry, offset: offsetOf(entry) };
}

/** Nothing at the end, which stays by itself. @type {Anchor | null} */
let anchor = null;
/** Where the log was scrolled to when this was held. */
let anchoredScrollTop = 0;

function setAnchor() {
  anchoredScrollTop = log.scrollTop;
  anchor = isAtEnd() ? null : visibleAnchor();
}

/** Brings back what has been moved by something around it. */
function restore() {
  if (!anchor?.entry.isConnected) return;
  const moved = offsetOf(anchor.entry) - anchor.offset;
  if (Math.abs(moved) < 1) return;
  log.scrollTop += moved;
  anchoredScrollTop = log.scrollTop;
}

/**
 * Holds what is in sight where the log was scrolled since this was last looked at, or nothing is held. The log's own word
 * of having been scrolled comes a frame later: what has moved meanwhile is brought back and not taken for a wish.
 */
function checkAnchor() {
  if (log.scrollTop !== anchoredScrollTop || !anchor?.entry.isConnected) setAnchor();
  else restore();
}

log.addEventListener("scroll", checkAnchor, { passive: true });
// Comes after layout and before paint: what has another height than was thought moves nothing that can be seen.
new ResizeObserver(restore).observe(entries);

/** Makes a change in the log; what is being read does not move. @param {() => void} change */
export function preserveScroll(change) {
  if (isAtEnd()) {
    const offset = log.scrollTop;
    change();
    log.scrollTop = offset;
    return;
  }
  checkAnchor();
  change();
  restore();
}

/** Brings an entry to where it was. @param {Element} entry @param {number} offset as `visibleAnchor` said it */
export function scrollToOffset(entry, offset) {
  anchor = { entry, offset };
  anchoredScrollTop = log.scrollTop;
  restore();
}

/** Goes to the newest message. */
export function toEnd() {
  log.scrollTop = 0;
  setAnchor();
}

/** Goes to the oldest message on the page. */
export function toBeginning() {
  log.scrollTop = -log.scrollHeight;
  setAnchor();
}

/** Brings an entry to the middle, or to the top where wanted. @param {Element} entry @param {ScrollLogicalPosition} block */
export function scrollToEntry(entry, block = "center") {
  entry.scrollIntoView({ block, behavior: "instant" });
  setAnchor();
}

/** Whether an entry lies above what can be seen. @param {Element} entry */
export const isAbove = (entry) => entry.getBoundingClientRect().top < log.getBoundingClientRect().top;

/** Calls `listener` when the log has been scrolled, at most once a frame. @param {() => void} listener */
export function onScroll(listener) {
  let waiting = false;
  log.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      listener();
    });
  }, { passive: true });
}
