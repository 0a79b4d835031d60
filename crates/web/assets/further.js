// Older messages when scrolled near the beginning, newer ones near the end, without moving what is being read.

import * as entries from "./entries.js";
import { keeping, fromBeginning, isAtEnd, onScroll } from "./scroll.js";

/** This near to an end more is asked for, in pixels. */
const NEAR = 800;

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

async function look() {
  if (isLoading) return;
  const isOlder = part("older") !== null && fromBeginning() < NEAR;
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

export function keepFurther() {
  onScroll(look);
  look();
}
