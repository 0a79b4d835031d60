// Older messages when scrolled near the beginning, newer ones near the end, without moving what is being read.

import * as entries from "./entries.js";
import { keeping, fromBeginning, isAtEnd, onScroll, show } from "./scroll.js";

/** This near to an end more is asked for, in pixels. */
const NEAR = 800;

/** Beyond so many unread messages a page of their own is better than all of them on this one. */
const UNREAD_MOST = 500;

let isLoading = false;

/** @param {string} side "older" or "newer" */
const part = (side) => document.querySelector(`.further[data-${side}]`);

/** Whether the newest message is on the page. */
export const isComplete = () => part("newer") === null;

/** @param {string} question `before=…` or `after=…` */
async function load(question) {
  const answer = await fetch(`/messages/${entries.channel}/older?${question}`, { headers: { accept: "text/html" } });
  return answer.ok ? entries.placeAll(await answer.text()) : null;
}

/** @param {boolean} [wantsOlder] also where the beginning is not near */
async function look(wantsOlder = false) {
  if (isLoading) return;
  const isOlder = part("older") !== null && (wantsOlder || fromBeginning() < NEAR);
  const isNewer = !isOlder && !isComplete() && isAtEnd();
  if (!isOlder && !isNewer) return;
  isLoading = true;
  const added = isOlder
    ? await load(`before=${entries.firstPosition()}`).catch(() => null)
    : await load(`after=${entries.lastPosition()}`).catch(() => null);
  isLoading = false;
  if (added === null) return;
  const isDone = isOlder ? entries.firstPosition() <= 1 : added === 0;
  if (isDone) keeping(() => part(isOlder ? "older" : "newer")?.remove());
  look();
}

/** The link to where the unread messages begin, when that is before this page: brings them here instead. */
function keepUnreadFrom() {
  const link = document.getElementById("unread-from");
  const read = Number(document.getElementById("log")?.dataset.read);
  link?.addEventListener("click", async (event) => {
    if (entries.firstPosition() - read > UNREAD_MOST) return;
    event.preventDefault();
    while (part("older") && !isLoading && entries.firstPosition() > read + 1) await look(true);
    const first = entries.all().find((entry) => entries.positionOf(entry) > read && entries.authorOf(entry) !== entries.me);
    if (!first) return;
    entries.markFresh(entries.idOf(first));
    show(first, "start");
    link.remove();
  });
}

export function keepFurther() {
  onScroll(() => look());
  look();
  keepUnreadFrom();
}
