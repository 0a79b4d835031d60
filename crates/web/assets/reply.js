// The page of a reply link: local times, read position (M6), Enter to send on a desktop, and a draft until the text is sent.
// Without this script the page works with plain forms.

import { hasFiles, isReady, initFiles } from "./reply_files.js";
import { initTimes } from "./times.js";
import { initViewport } from "./viewport.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");
/** The share of a message, or of the log, that must be visible. */
const VISIBLE_MIN = 0.6;
/** Messages seen within this time are reported together, in milliseconds. */
const SEND_AFTER = 400;
/** The draft belongs to this link and this tab. */
const draftKey = `draft:${location.pathname}`;

let read = Number(log.dataset.read);
let sendTimer = 0;
/** @type {Set<Element>} */
const inSight = new Set();

const isWatching = () => document.visibilityState === "visible" && document.hasFocus();

/** The newest visible position. */
const shown = () =>
  Math.max(
    0,
    ...[...inSight].map((message) => Number(/** @type {HTMLElement} */ (message).dataset.position)),
  );

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
  if (isWatching() && shown() > read) sendTimer ||= window.setTimeout(sendRead, SEND_AFTER);
}

async function sendRead() {
  sendTimer = 0;
  const position = shown();
  if (!isWatching() || position <= read) return;
  const response = await fetch(log.dataset.address ?? "", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ position }),
    keepalive: true,
  }).catch(() => null);
  // Without a connection the next update reports it.
  if (response?.ok) read = Math.max(read, position);
}

/** @param {string} content */
function saveDraft(content) {
  try {
    if (content.trim()) sessionStorage.setItem(draftKey, content);
    else sessionStorage.removeItem(draftKey);
  } catch {
    // Storage is refused or full: the text is still in the composer.
  }
}

function initComposer() {
  try {
    // A sent text is no longer a draft. Text that the server returned after a refusal wins over a draft.
    if (new URLSearchParams(location.search).has("sent")) sessionStorage.removeItem(draftKey);
    else if (!text.value) text.value = sessionStorage.getItem(draftKey) ?? "";
  } catch {
    // Without storage there are no drafts.
  }
  text.setAttribute("enterkeyhint", isTouch.matches ? "enter" : "send");
  text.addEventListener("input", () => saveDraft(text.value));
  text.addEventListener("keydown", (event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (isTouch.matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (!isReady() || (!text.value.trim() && !hasFiles())) return event.preventDefault();
    form.querySelector(".send")?.setAttribute("aria-busy", "true");
  });
  if (!isTouch.matches) text.focus({ preventScroll: true });
}

initTimes();
initViewport();
initComposer();
initFiles();
const start = location.hash ? document.querySelector(":target") : document.getElementById("new");
start?.scrollIntoView({ block: "nearest" });
for (const message of log.querySelectorAll(".message")) observer.observe(message);
window.addEventListener("focus", update);
document.addEventListener("visibilitychange", update);
log.addEventListener("scroll", update, { passive: true });
