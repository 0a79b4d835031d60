// The page of a reply link: local times, what was on screen is read (M6), Enter sends on a keyboard, and what is typed
// stays until it is sent. Without this script the page works by its forms.

import { hasFiles, isReady, initFiles } from "./reply_files.js";
import { initTimes } from "./times.js";
import { initViewport } from "./viewport.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");
/** This much of a message, or of the log, must be in sight. */
const VISIBLE_MIN = 0.6;
/** What is seen within this time is told at once, in milliseconds. */
const SEND_AFTER = 400;
/** The draft belongs to this link and this tab. */
const draftKey = `draft:${location.pathname}`;

let read = Number(log.dataset.read);
let sendTimer = 0;
/** @type {Set<Element>} */
const inSight = new Set();

const isWatching = () => document.visibilityState === "visible" && document.hasFocus();

/** The newest position in sight. */
const shown = () => Math.max(0, ...[...inSight].map((message) => Number(/** @type {HTMLElement} */ (message).dataset.position)));

const observer = new IntersectionObserver((seen) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of seen) {
    const isVisible = intersectionRatio >= VISIBLE_MIN || intersectionRect.height >= VISIBLE_MIN * (rootBounds?.height ?? Infinity);
    if (isVisible) inSight.add(target);
    else inSight.delete(target);
  }
  update();
}, { root: log, threshold: [0, 0.2, 0.4, VISIBLE_MIN, 0.8, 1] });

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
  // Without a connection it is told with the next look.
  if (response?.ok) read = Math.max(read, position);
}

/** @param {string} content */
function saveDraft(content) {
  try {
    if (content.trim()) sessionStorage.setItem(draftKey, content);
    else sessionStorage.removeItem(draftKey);
  } catch {
    // Refused or full: the text still stands in the composer.
  }
}

function initComposer() {
  try {
    // What was sent is no draft any more; what the server gave back after a refusal goes before one.
    if (new URLSearchParams(location.search).has("sent")) sessionStorage.removeItem(draftKey);
    else if (!text.value) text.value = sessionStorage.getItem(draftKey) ?? "";
  } catch {
    // A browser may refuse storage: then nothing is remembered.
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
