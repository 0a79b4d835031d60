// Loads older messages near the beginning and newer ones near the end, without moving what is being read.

import * as entries from "./entries.js";
import { preserveScroll, fromBeginning, isAtEnd, onScroll, scrollToEntry } from "./scroll.js";
import { ensureInDocument } from "./virtual_list.js";

/** More is loaded within this distance of an end, in pixels. */
const NEAR = 800;

/** Beyond this many messages a new page is opened instead of loading everything in between. */
const LOADED_MAX = 500;

/** The running request. @type {Promise<void> | null} */
let loading = null;
/** The newest known position. The page is complete when it has been loaded. */
let newest = 0;

/** @param {string} side "older" or "newer" */
const moreLink = (side) => document.querySelector(`.further[data-${side}]`);

/** Whether the newest message is on the page. */
export const isComplete = () => moreLink("newer") === null;

/** @param {string} query `before=…` or `after=…` */
async function load(query) {
  const response = await fetch(`/messages/${entries.channel}/older?${query}`, {
    headers: { accept: "text/html" },
  });
  return response.ok ? entries.insertAll(await response.text()) : null;
}

/** Notes a message that cannot be shown before those in between are loaded. @param {number} position */
export function noteNewest(position) {
  newest = Math.max(newest, position);
}

/** Loads pages at either end until enough is there. */
function loadIfNeeded() {
  if (loading) return;
  const isOlder = moreLink("older") !== null && fromBeginning() < NEAR;
  const isNewer = !isOlder && !isComplete() && isAtEnd();
  if (!isOlder && !isNewer) return;
  loadNext(isOlder).then((isExtended) => {
    if (isExtended) loadIfNeeded();
  });
}

/** Loads one page of messages. Returns false on failure. @param {boolean} isOlder */
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

/** Loads older messages until a position is on the page. Returns false if it is too far back. @param {number} position */
export async function loadBackTo(position) {
  if (entries.firstPosition() - position > LOADED_MAX) return false;
  while (moreLink("older") && entries.firstPosition() > position) if (!(await loadNext(true))) return false;
  return true;
}

/** Lets the link to the first unread message load the missing messages here instead of opening another page. */
function initUnreadLink() {
  const link = document.getElementById("unread-from");
  const read = Number(document.getElementById("log")?.dataset.read);
  link?.addEventListener("click", async (event) => {
    if (entries.firstPosition() - read > LOADED_MAX) return;
    event.preventDefault();
    if (!(await loadBackTo(read + 1))) return;
    const first = entries
      .all()
      .find((entry) => entries.positionOf(entry) > read && entries.authorOf(entry) !== entries.me);
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
