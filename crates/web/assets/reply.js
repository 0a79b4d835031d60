// The page of a reply link: local times, what was on screen is read (M6), Enter sends on a keyboard, and what is typed
// stays until it is sent. Without this script the page works by its forms.

import { hasFiles, isReady, keepFiles } from "./reply_files.js";
import { keepLocal } from "./times.js";
import { keepAbove } from "./viewport.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");
/** This much of a message, or of the log, must be in sight. */
const ENOUGH = 0.6;
/** What is seen within this time is told at once, in milliseconds. */
const TELL_AFTER = 400;
/** The draft belongs to this link and this tab. */
const draft = `draft:${location.pathname}`;

let read = Number(log.dataset.read);
let telling = 0;
/** @type {Set<Element>} */
const inSight = new Set();

const isWatching = () => document.visibilityState === "visible" && document.hasFocus();

/** The newest position in sight. */
const shown = () => Math.max(0, ...[...inSight].map((message) => Number(/** @type {HTMLElement} */ (message).dataset.position)));

const observer = new IntersectionObserver((seen) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of seen) {
    const isEnough = intersectionRatio >= ENOUGH || intersectionRect.height >= ENOUGH * (rootBounds?.height ?? Infinity);
    if (isEnough) inSight.add(target);
    else inSight.delete(target);
  }
  look();
}, { root: log, threshold: [0, 0.2, 0.4, ENOUGH, 0.8, 1] });

function look() {
  if (isWatching() && shown() > read) telling ||= window.setTimeout(tell, TELL_AFTER);
}

async function tell() {
  telling = 0;
  const position = shown();
  if (!isWatching() || position <= read) return;
  const answer = await fetch(log.dataset.address ?? "", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ position }),
    keepalive: true,
  }).catch(() => null);
  // Without a connection it is told with the next look.
  if (answer?.ok) read = Math.max(read, position);
}

/** @param {string} words */
function keep(words) {
  try {
    if (words.trim()) sessionStorage.setItem(draft, words);
    else sessionStorage.removeItem(draft);
  } catch {
    // Refused or full: the text still stands in the composer.
  }
}

function write() {
  try {
    // What was sent is no draft any more; what the server gave back after a refusal goes before one.
    if (new URLSearchParams(location.search).has("sent")) sessionStorage.removeItem(draft);
    else if (!text.value) text.value = sessionStorage.getItem(draft) ?? "";
  } catch {
    // A browser may refuse storage: then nothing is remembered.
  }
  text.setAttribute("enterkeyhint", isTouch.matches ? "enter" : "send");
  text.addEventListener("input", () => keep(text.value));
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

keepLocal();
keepAbove();
write();
keepFiles();
const beginning = location.hash ? document.querySelector(":target") : document.getElementById("new");
beginning?.scrollIntoView({ block: "nearest" });
for (const message of log.querySelectorAll(".message")) observer.observe(message);
window.addEventListener("focus", look);
document.addEventListener("visibilitychange", look);
log.addEventListener("scroll", look, { passive: true });
