// Keeps the document small however long the conversation is. Messages far outside the visible part are removed and replaced by
// a spacer of the same height; they are put back before the user gets there. Other modules find messages either way.

import { preserveScroll, onScroll, toEnd } from "./scroll.js";
import { localize } from "./times.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const list = /** @type {HTMLElement} */ (document.getElementById("entries"));

/** Messages beyond this distance from the visible part are removed, in pixels. */
const FAR = 6000;
/** Messages within this distance are put back, in pixels. */
const NEAR = 2500;
/** How many messages are removed and put back together. */
const CHUNK_SIZE = 40;

/**
 * Messages outside of the document, in order.
 * @typedef {{messages: DocumentFragment, height: number}} Chunk
 */

/** One side of the list: the chunks outside of the document, the nearest last, and the spacer in their place. */
class Side {
  /** @type {Chunk[]} */
  out = [];
  space = document.createElement("div");

  /** Sets the height of the spacer to that of the chunks. */
  fit() {
    this.space.style.height = `${this.out.reduce((sum, { height }) => sum + height, 0)}px`;
  }
}

const older = new Side();
const newer = new Side();

/** All containers of messages, in order: removed chunks before the list, the list itself, removed chunks after it. @returns {ParentNode[]} */
export const parts = () => [
  ...older.out.map(({ messages }) => messages),
  list,
  ...newer.out.map(({ messages }) => messages).reverse(),
];

/** Whether the range must stay in the document because it has the focus or a text is selected. @param {Range} range */
function isInUse(range) {
  const selection = getSelection();
  const isCopying = selection !== null && !selection.isCollapsed && list.contains(selection.anchorNode);
  return (
    isCopying ||
    (document.activeElement !== null &&
      list.contains(document.activeElement) &&
      range.intersectsNode(document.activeElement))
  );
}

/** The lower edge of a child of the list, or without one the upper edge of the list. @param {Element | null} child */
const edge = (child) => (child ? child.getBoundingClientRect().bottom : list.getBoundingClientRect().top);

/** Removes the children from `first` to `last` from the document. Returns false if they are in use. @param {Side} side @param {Element} first @param {Element} last */
function takeOut(side, first, last) {
  const range = document.createRange();
  range.setStartBefore(first);
  range.setEndAfter(last);
  if (isInUse(range)) return false;
  const height = edge(last) - edge(first.previousElementSibling);
  side.out.push({ messages: range.extractContents(), height });
  side.fit();
  return true;
}

/** Puts the nearest chunk back. @param {Side} side */
function putBack(side) {
  const chunk = side.out.pop();
  if (!chunk) return;
  localize(chunk.messages);
  if (side === older) list.prepend(chunk.messages);
  else list.append(chunk.messages);
  side.fit();
}

/** The first entry from a child on, so that a line stays together with the message below it. @param {Element | undefined} child */
function nextEntry(child) {
  let found = child ?? null;
  while (found && !found.classList.contains("entry")) found = found.nextElementSibling;
  return found;
}

/** Removes one chunk if messages are far from the visible part. */
function trim() {
  const { top, bottom } = log.getBoundingClientRect();
  const children = list.children;
  const end = nextEntry(children[CHUNK_SIZE]);
  if (end && edge(end) < top - FAR && list.firstElementChild)
    return takeOut(older, list.firstElementChild, end);
  const before = nextEntry(children[children.length - 1 - CHUNK_SIZE]);
  if (before?.nextElementSibling && list.lastElementChild && edge(before) > bottom + FAR) {
    return takeOut(newer, before.nextElementSibling, list.lastElementChild);
  }
  return false;
}

/** Puts one chunk back if one is near. */
function fill() {
  const { top, bottom } = log.getBoundingClientRect();
  const isNearOlder = older.out.length > 0 && older.space.getBoundingClientRect().bottom > top - NEAR;
  const isNearNewer = newer.out.length > 0 && newer.space.getBoundingClientRect().top < bottom + NEAR;
  if (isNearOlder) putBack(older);
  else if (isNearNewer) putBack(newer);
  return isNearOlder || isNearNewer;
}

/** Repeats `work` until it returns false, without moving what is being read. @param {() => boolean} work */
function repeat(work) {
  let isMore = true;
  while (isMore) preserveScroll(() => (isMore = work()));
}

/** While everything is printed, nothing leaves the document. */
let isPrinting = false;

function update() {
  if (isPrinting) return;
  repeat(fill);
  repeat(trim);
}

/** Makes sure that a message is in the document. @param {Element} entry */
export function ensureInDocument(entry) {
  for (const side of [older, newer]) {
    repeat(() => {
      const isOut = side.out.some(({ messages }) => messages.contains(entry));
      if (isOut) putBack(side);
      return isOut;
    });
  }
}

/** Goes to the newest message, skipping everything in between. */
export function toNewest() {
  const [first, last] = [list.firstElementChild, list.lastElementChild];
  const isOut = newer.out.length > 1 && first !== null && last !== null && takeOut(older, first, last);
  while (isOut && newer.out.length > 1) older.out.push(/** @type {Chunk} */ (newer.out.pop()));
  older.fit();
  while (newer.out.length > 0) putBack(newer);
  toEnd();
  update();
}

export function initVirtualList() {
  list.before(older.space);
  list.after(newer.space);
  onScroll(update);
  // Also without scrolling: messages arrive, and the window changes its size.
  new ResizeObserver(() => requestAnimationFrame(update)).observe(list);
  // Print everything that has been loaded.
  window.addEventListener("beforeprint", () => {
    isPrinting = true;
    for (const side of [older, newer]) while (side.out.length > 0) putBack(side);
  });
  window.addEventListener("afterprint", () => {
    isPrinting = false;
    update();
  });
}
