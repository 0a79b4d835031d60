// Groups messages: lines between days in the reader's own time zone, and one header for consecutive messages of an author.
// Must be called after every change of the list, inside `preserveScroll`.

import { dayKey, localize } from "./times.js";
import { parts } from "./virtual_list.js";

/** The longest gap between two messages that share a header, in milliseconds. */
const GROUP_WITHIN = 5 * 60 * 1000;

/** @param {Element} entry */
export const messageOf = (entry) =>
  /** @type {HTMLElement | null} */ (entry.querySelector(":scope > .message"));

/** The next entry after an entry or a line. @param {Element} element */
export function next(element) {
  let below = element.nextElementSibling;
  while (below && !messageOf(below)) below = below.nextElementSibling;
  return below;
}

/** Regroups a new entry and the one after it. @param {Element} entry */
export function regroupAround(entry) {
  regroup(entry);
  const below = next(entry);
  if (below) regroup(below);
}

/** Puts the right lines above an entry and decides whether it shares a header. @param {Element} entry */
export function regroup(entry) {
  const message = /** @type {HTMLElement} */ (messageOf(entry));
  const { lines, above } = elementsAbove(entry);
  // The previous entry is outside of the document; this one was grouped while it was inside.
  if (!above && entry.parentNode !== parts()[0]) return;
  const before = above && messageOf(above);
  const at = message.dataset.at ?? "";
  const isNewDay = !before || dayOf(before) !== dayOf(message);
  removeDayLine(entry);
  const others = lines.filter((line) => line.parentNode);
  if (isNewDay) (others.at(-1) ?? entry).before(dayLine(at));
  const gap = before ? new Date(at).getTime() - new Date(before.dataset.at ?? "").getTime() : Infinity;
  const isSame = before?.dataset.author === message.dataset.author && gap <= GROUP_WITHIN;
  entry.classList.toggle("run", isSame && !isNewDay && others.length === 0);
}

/** Removes the day line above an entry. Needed before the entry is moved or removed. @param {Element} entry */
export const removeDayLine = (entry) =>
  elementsAbove(entry)
    .lines.filter((line) => line.classList.contains("day"))
    .forEach((line) => line.remove());

/** The lines directly above an entry, and the entry above those. @param {Element} entry */
function elementsAbove(entry) {
  /** @type {Element[]} */
  const lines = [];
  let above = entry.previousElementSibling;
  for (; above && !messageOf(above); above = above.previousElementSibling) lines.push(above);
  return { lines, above };
}

/** A key that all messages of one day share. @param {HTMLElement} message */
const dayOf = (message) => dayKey(new Date(message.dataset.at ?? ""));

/** @param {string} at */
function dayLine(at) {
  const line = document.createElement("li");
  line.className = "day";
  const time = document.createElement("time");
  time.dateTime = at;
  time.dataset.form = "day";
  line.append(time);
  localize(line);
  return line;
}
