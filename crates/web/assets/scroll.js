// The one place that scrolls the conversation: what is being read stays where it is, whatever is put in around it.
// The log is a reversed column: 0 is its end, older messages lie at negative offsets.

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
  for (const entry of entries.querySelectorAll(":scope > .entry")) {
    if (entry.getBoundingClientRect().bottom > top) return entry;
  }
  return null;
}

/** Makes a change in the log; what is being read does not move. @param {() => void} change */
export function keeping(change) {
  if (isAtEnd()) {
    const offset = log.scrollTop;
    change();
    log.scrollTop = offset;
    return;
  }
  const anchor = firstVisible();
  const before = anchor?.getBoundingClientRect().top ?? 0;
  change();
  if (anchor?.isConnected) log.scrollTop += anchor.getBoundingClientRect().top - before;
}

/** What is being read: the first message in sight, and how far it is from the top, in pixels. */
export function inSight() {
  const entry = firstVisible();
  return entry && { entry, offset: entry.getBoundingClientRect().top - log.getBoundingClientRect().top };
}

/** Brings an entry to where it was. @param {Element} entry @param {number} offset as `inSight` said it */
export function putAt(entry, offset) {
  log.scrollTop += entry.getBoundingClientRect().top - log.getBoundingClientRect().top - offset;
}

/** Goes to the newest message. */
export function toEnd() {
  log.scrollTop = 0;
}

/** Goes to the oldest message on the page. */
export function toBeginning() {
  log.scrollTop = -log.scrollHeight;
}

/** Brings an entry to the middle, or to the top where wanted. @param {Element} entry @param {ScrollLogicalPosition} block */
export function show(entry, block = "center") {
  entry.scrollIntoView({ block, behavior: "instant" });
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
