// Days and runs, by the reader's own calendar: the lines between messages, and which messages share one header. Whoever
// changes the list calls this, inside `keeping`.

import { dayKey, localize } from "./times.js";
import { parts } from "./virtual_list.js";

/** Messages of one author share one header while no longer apart than this, in milliseconds. */
const GROUP_WITHIN = 5 * 60 * 1000;

/** @param {Element} entry */
export const messageOf = (entry) => /** @type {HTMLElement | null} */ (entry.querySelector(":scope > .message"));

/** The entry below an entry or a line. @param {Element} element */
export function next(element) {
  let below = element.nextElementSibling;
  while (below && !messageOf(below)) below = below.nextElementSibling;
  return below;
}

/** Settles an entry that is new, and the one below it. @param {Element} entry */
export function regroupAround(entry) {
  regroup(entry);
  const below = next(entry);
  if (below) regroup(below);
}

/** Gives an entry the lines that belong above it, and its place in a run. @param {Element} entry */
export function regroup(entry) {
  const message = /** @type {HTMLElement} */ (messageOf(entry));
  const { lines, above } = elementsAbove(entry);
  // What stands above is not in the document, and was settled while it was.
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

/** Takes away the day that stands above an entry: before it goes, or goes elsewhere. @param {Element} entry */
export const removeDayLine = (entry) =>
  elementsAbove(entry).lines.filter((line) => line.classList.contains("day")).forEach((line) => line.remove());

/** The lines right above an entry, and the entry above them. @param {Element} entry */
function elementsAbove(entry) {
  /** @type {Element[]} */
  const lines = [];
  let above = entry.previousElementSibling;
  for (; above && !messageOf(above); above = above.previousElementSibling) lines.push(above);
  return { lines, above };
}

/** The day of a message, alike for all of one day. @param {HTMLElement} message */
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
