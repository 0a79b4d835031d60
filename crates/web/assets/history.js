// Older messages when scrolled near the beginning, newer ones near the end, without moving what is being read.

import * as entries from "./entries.js";
import { preserveScroll, fromBeginning, isAtEnd, onScroll, scrollToEntry } from "./scroll.js";
import { ensureInDocument } from "./virtual_list.js";

/** This near to an end more is asked for, in pixels. */
const NEAR = 800;

/** What lies further back gets a page of its own rather than all messages between on this one. */
const LOADED_MAX = 500;

/** What is being loaded. @type {Promise<void> | null} */
let loading = null;
/** The newest position heard of: the page is complete when it is there. */
let newest = 0;

/** @param {string} side "older" or "newer" */
const moreLink = (side) => document.querySelector(`.further[data-${side}]`);

/** Whether the newest message is on the page. */
export const isComplete = () => moreLink("newer") === null;

/** @param {string} query `before=…` or `after=…` */
async function load(query) {
  const response = await fetch(`/messages/${entries.channel}/older?${query}`, { headers: { accept: "text/html" } });
  return response.ok ? entries.insertAll(await response.text()) : null;
}

/** A message came that has no place on the page before those between are loaded. @param {number} position */
export function noteNewest(position) {
  newest = Math.max(newest, position);
}

/** Loads what is needed at either end, one stretch after the other. */
function loadIfNeeded() {
  if (loading) return;
  const isOlder = moreLink("older") !== null && fromBeginning() < NEAR;
  const isNewer = !isOlder && !isComplete() && isAtEnd();
  if (!isOlder && !isNewer) return;
  loadNext(isOlder).then((isExtended) => {
    if (isExtended) loadIfNeeded();
  });
}

/** Loads one stretch; false where that failed. @param {boolean} isOlder */
async function loadNext(isOlder) {
  while (loading) await loading;
  let added = /** @type {number | null} */ (null);
  loading = load(isOlder ? `before=${entries.firstPosition()}` : `after=${entries.lastPosition()}`)
    .then((count) => void (added = count))
    .catch(() => {});
  await loading;
  loading = null;
  if (added === null) return false;
  const isDone = isOlder ? entries.firstPosition() <= 1 : added === 0 && entries.lastPosition() >= newest;
  if (isDone) preserveScroll(() => moreLink(isOlder ? "older" : "newer")?.remove());
  return true;
}

/** Brings older messages until one is on the page; false where it is too far. @param {number} position */
export async function loadBackTo(position) {
  if (entries.firstPosition() - position > LOADED_MAX) return false;
  while (moreLink("older") && entries.firstPosition() > position) if (!(await loadNext(true))) return false;
  return true;
}

/** The link to where the unread messages begin, when that is before this page: brings them here instead. */
function initUnreadLink() {
  const link = document.getElementById("unread-from");
  const read = Number(document.getElementById("log")?.dataset.read);
  link?.addEventListener("click", async (event) => {
    if (entries.firstPosition() - read > LOADED_MAX) return;
    event.preventDefault();
    if (!(await loadBackTo(read + 1))) return;
    const first = entries.all().find((entry) => entries.positionOf(entry) > read && entries.authorOf(entry) !== entries.me);
    if (!first) return;
    entries.markFirstUnread(entries.idOf(first));
    ensureInDocument(first);
    scrollToEntry(first, "start");
    link.remove();
  });
}

export function initHistory() {
  onScroll(loadIfNeeded);
  loadIfNeeded();
  initUnreadLink();
}
