// All scrolling of the conversation. What is being read stays in place whatever is inserted around it.
// The log is a reversed column: 0 is its end, and older messages are at negative offsets.

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const entries = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** Within this distance of the end the log counts as being at the end, in pixels. */
const NEAR = 64;

export const isAtEnd = () => log.scrollTop > -NEAR;

/** The distance from the beginning of the log, in pixels. */
export const fromBeginning = () => log.scrollHeight - log.clientHeight + log.scrollTop;

/**
 * What must stay in place: a message, and the distance of its text from the lower edge of the log, in pixels. The text, because
 * the name above it disappears when an older message of the same author is inserted. The lower edge, because the log is laid
 * out from there, so that a phone's keyboard does not change the distance.
 * @typedef {{entry: Element, offset: number}} Anchor
 */

/** @param {Element} entry */
const offsetOf = (entry) =>
  (entry.querySelector(".say") ?? entry).getBoundingClientRect().top - log.getBoundingClientRect().bottom;

/** The first message that is at least partly visible. Lines between messages do not count: they come and go. */
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

/** The first visible message, as an anchor. @returns {Anchor | null} */
export function visibleAnchor() {
  const entry = firstVisibleEntry();
  return entry && { entry, offset: offsetOf(entry) };
}

/** Null at the end, which needs no anchor. @type {Anchor | null} */
let anchor = null;
/** The scroll offset for which the anchor was set. */
let anchoredScrollTop = 0;

function setAnchor() {
  anchoredScrollTop = log.scrollTop;
  anchor = isAtEnd() ? null : visibleAnchor();
}

/** Moves the anchor back if something around it has moved it. */
function restore() {
  if (!anchor?.entry.isConnected) return;
  const moved = offsetOf(anchor.entry) - anchor.offset;
  if (Math.abs(moved) < 1) return;
  log.scrollTop += moved;
  anchoredScrollTop = log.scrollTop;
}

/**
 * Sets a new anchor if the user has scrolled or there is none. The scroll event comes a frame late: a shift without a
 * changed offset comes from the layout and is undone.
 */
function checkAnchor() {
  if (log.scrollTop !== anchoredScrollTop || !anchor?.entry.isConnected) setAnchor();
  else restore();
}

log.addEventListener("scroll", checkAnchor, { passive: true });
// Runs between layout and paint, so that an unexpected height causes no visible jump.
new ResizeObserver(restore).observe(entries);

/** Changes the log without moving what is being read. @param {() => void} change */
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

/** Scrolls an entry to where it was. @param {Element} entry @param {number} offset as returned by `visibleAnchor` */
export function scrollToOffset(entry, offset) {
  anchor = { entry, offset };
  anchoredScrollTop = log.scrollTop;
  restore();
}

/** Scrolls to the newest message. */
export function toEnd() {
  log.scrollTop = 0;
  setAnchor();
}

/** Scrolls to the oldest message on the page. */
export function toBeginning() {
  log.scrollTop = -log.scrollHeight;
  setAnchor();
}

/** Scrolls an entry to the middle, or to `block`. @param {Element} entry @param {ScrollLogicalPosition} block */
export function scrollToEntry(entry, block = "center") {
  entry.scrollIntoView({ block, behavior: "instant" });
  setAnchor();
}

/** Whether an entry begins above the visible part. @param {Element} entry */
export const isAbove = (entry) => entry.getBoundingClientRect().top < log.getBoundingClientRect().top;

/** Calls `listener` after scrolling, at most once per frame. @param {() => void} listener */
export function onScroll(listener) {
  let waiting = false;
  log.addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        listener();
      });
    },
    { passive: true },
  );
}
