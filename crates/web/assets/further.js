// Older messages when scrolled near the beginning, newer ones near the end, without moving what is being read.

import * as entries from "./entries.js";
import { keeping, fromBeginning, isAtEnd, onScroll, show } from "./scroll.js";
import { bringIn } from "./trimming.js";

/** This near to an end more is asked for, in pixels. */
const NEAR = 800;

/** What lies further back gets a page of its own rather than all messages between on this one. */
const BROUGHT_MOST = 500;

/** What is being loaded. @type {Promise<void> | null} */
let loading = null;
/** The newest position heard of: the page is complete when it is there. */
let newest = 0;

/** @param {string} side "older" or "newer" */
const part = (side) => document.querySelector(`.further[data-${side}]`);

/** Whether the newest message is on the page. */
export const isComplete = () => part("newer") === null;

/** @param {string} question `before=…` or `after=…` */
async function load(question) {
  const answer = await fetch(`/messages/${entries.channel}/older?${question}`, { headers: { accept: "text/html" } });
  return answer.ok ? entries.placeAll(await answer.text()) : null;
}

/** A message came that has no place on the page before those between are loaded. @param {number} position */
export function expect(position) {
  newest = Math.max(newest, position);
}

/** Loads what is needed at either end, one stretch after the other. */
function look() {
  if (loading) return;
  const isOlder = part("older") !== null && fromBeginning() < NEAR;
  const isNewer = !isOlder && !isComplete() && isAtEnd();
  if (!isOlder && !isNewer) return;
  extend(isOlder).then((isExtended) => {
    if (isExtended) look();
  });
}

/** Loads one stretch; false where that failed. @param {boolean} isOlder */
async function extend(isOlder) {
  while (loading) await loading;
  let added = /** @type {number | null} */ (null);
  loading = load(isOlder ? `before=${entries.firstPosition()}` : `after=${entries.lastPosition()}`)
    .then((count) => void (added = count))
    .catch(() => {});
  await loading;
  loading = null;
  if (added === null) return false;
  const isDone = isOlder ? entries.firstPosition() <= 1 : added === 0 && entries.lastPosition() >= newest;
  if (isDone) keeping(() => part(isOlder ? "older" : "newer")?.remove());
  return true;
}

/** Brings older messages until one is on the page; false where it is too far. @param {number} position */
export async function bring(position) {
  if (entries.firstPosition() - position > BROUGHT_MOST) return false;
  while (part("older") && entries.firstPosition() > position) if (!(await extend(true))) return false;
  return true;
}

/** The link to where the unread messages begin, when that is before this page: brings them here instead. */
function keepUnreadFrom() {
  const link = document.getElementById("unread-from");
  const read = Number(document.getElementById("log")?.dataset.read);
  link?.addEventListener("click", async (event) => {
    if (entries.firstPosition() - read > BROUGHT_MOST) return;
    event.preventDefault();
    if (!(await bring(read + 1))) return;
    const first = entries.all().find((entry) => entries.positionOf(entry) > read && entries.authorOf(entry) !== entries.me);
    if (!first) return;
    entries.markFresh(entries.idOf(first));
    bringIn(first);
    show(first, "start");
    link.remove();
  });
}

export function keepFurther() {
  onScroll(look);
  look();
  keepUnreadFrom();
}
