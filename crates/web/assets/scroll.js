// The one place that scrolls the conversation: what is being read stays where it is, whatever is put in around it.
// The log is a reversed column: 0 is its end, older messages lie at negative offsets. Messages out of sight are not laid
// out (`content-visibility`), so that their heights are only known when they come near.

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const entries = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** This near to the end counts as being there, in pixels. */
const NEAR = 64;

export const isAtEnd = () => log.scrollTop > -NEAR;

/** How far the log is from its beginning, in pixels. */
export const fromBeginning = () => log.scrollHeight - log.clientHeight + log.scrollTop;

/** The first message that can be seen at least in part; lines between messages come and go. */
function firstVisible() {
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

/** @param {Element} entry from the top of the log, in pixels */
const offsetOf = (entry) => entry.getBoundingClientRect().top - log.getBoundingClientRect().top;

/**
 * What is being read: the first message in sight, and how far it is from the top, in pixels.
 * @returns {{entry: Element, offset: number} | null}
 */
export function inSight() {
  const entry = firstVisible();
  return entry && { entry, offset: offsetOf(entry) };
}

/** What has to stay where it is; nothing at the end, which stays by itself. @type {ReturnType<typeof inSight>} */
let held = null;

function hold() {
  held = isAtEnd() ? null : inSight();
}

/** Brings back what has been moved by something around it. */
function restore() {
  if (!held?.entry.isConnected) return;
  const moved = offsetOf(held.entry) - held.offset;
  if (Math.abs(moved) >= 1) log.scrollTop += moved;
}

log.addEventListener("scroll", hold, { passive: true });
// Comes after layout and before paint: what has another height than was thought moves nothing that can be seen.
new ResizeObserver(restore).observe(entries);

/** Makes a change in the log; what is being read does not move. @param {() => void} change */
export function keeping(change) {
  if (isAtEnd()) {
    const offset = log.scrollTop;
    change();
    log.scrollTop = offset;
    return;
  }
  held = inSight();
  change();
  restore();
  hold();
}

/** Brings an entry to where it was. @param {Element} entry @param {number} offset as `inSight` said it */
export function putAt(entry, offset) {
  held = { entry, offset };
  restore();
}

/** Goes to the newest message. */
export function toEnd() {
  log.scrollTop = 0;
  hold();
}

/** Goes to the oldest message on the page. */
export function toBeginning() {
  log.scrollTop = -log.scrollHeight;
  hold();
}

/** Brings an entry to the middle, or to the top where wanted. @param {Element} entry @param {ScrollLogicalPosition} block */
export function show(entry, block = "center") {
  entry.scrollIntoView({ block, behavior: "instant" });
  held = isAtEnd() ? null : { entry, offset: offsetOf(entry) };
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
