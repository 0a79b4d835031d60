// Keeps the document small however long the conversation: messages far from what can be seen are taken out, with a space
// of their height in their place, and are back before one gets there. Nobody who looks for a message need know where it is.

import { preserveScroll, onScroll, toEnd } from "./scroll.js";
import { localize } from "./times.js";

const log = /** @type {HTMLElement} */ (document.getElementById("log"));
const list = /** @type {HTMLElement} */ (document.getElementById("entries"));

/** Messages that are further from what can be seen than this leave the document, in pixels. */
const FAR = 6000;
/** Nearer than this they are in it, in pixels. */
const NEAR = 2500;
/** So many leave together, and come back together. */
const CHUNK_SIZE = 40;

/**
 * Messages outside the document, in their order.
 * @typedef {{messages: DocumentFragment, height: number}} Chunk
 */

/** A side of the list: what has left the document there, the nearest last, and the space in its place. */
class Side {
  /** @type {Chunk[]} */
  out = [];
  space = document.createElement("div");

  /** Makes the space as high as what is out. */
  fit() {
    this.space.style.height = `${this.out.reduce((sum, { height }) => sum + height, 0)}px`;
  }
}

const older = new Side();
const newer = new Side();

/** Where the messages are: the list in the document, and before and after it what has left it. @returns {ParentNode[]} */
export const parts = () => [
  ...older.out.map(({ messages }) => messages),
  list,
  ...newer.out.map(({ messages }) => messages).reverse(),
];

/** Whether any message between these two nodes must stay: it has the focus, or is being copied. @param {Range} range */
function isInUse(range) {
  const selection = getSelection();
  const isCopying = selection !== null && !selection.isCollapsed && list.contains(selection.anchorNode);
  return isCopying || (document.activeElement !== null && list.contains(document.activeElement) && range.intersectsNode(document.activeElement));
}

/** The lower edge of a child of the list; where there is none, the upper edge of the list. @param {Element | null} child */
const edge = (child) => (child ? child.getBoundingClientRect().bottom : list.getBoundingClientRect().top);

/** Takes messages out of the document from one child of the list to another. @param {Side} side @param {Element} first @param {Element} last */
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

/** Puts the nearest stretch back. @param {Side} side */
function putBack(side) {
  const chunk = side.out.pop();
  if (!chunk) return;
  localize(chunk.messages);
  if (side === older) list.prepend(chunk.messages);
  else list.append(chunk.messages);
  side.fit();
}

/** The nearest message from a child on, so that no line is parted from what it stands above. @param {Element | undefined} child */
function nextEntry(child) {
  let found = child ?? null;
  while (found && !found.classList.contains("entry")) found = found.nextElementSibling;
  return found;
}

/** Takes one stretch out where messages are far from what can be seen. */
function trim() {
  const { top, bottom } = log.getBoundingClientRect();
  const children = list.children;
  const end = nextEntry(children[CHUNK_SIZE]);
  if (end && edge(end) < top - FAR && list.firstElementChild) return takeOut(older, list.firstElementChild, end);
  const before = nextEntry(children[children.length - 1 - CHUNK_SIZE]);
  if (before?.nextElementSibling && list.lastElementChild && edge(before) > bottom + FAR) {
    return takeOut(newer, before.nextElementSibling, list.lastElementChild);
  }
  return false;
}

/** Puts one stretch back where one is near. */
function fill() {
  const { top, bottom } = log.getBoundingClientRect();
  const isNearOlder = older.out.length > 0 && older.space.getBoundingClientRect().bottom > top - NEAR;
  const isNearNewer = newer.out.length > 0 && newer.space.getBoundingClientRect().top < bottom + NEAR;
  if (isNearOlder) putBack(older);
  else if (isNearNewer) putBack(newer);
  return isNearOlder || isNearNewer;
}

/** Does something to the document until it says that nothing is left to do; what is being read does not move. @param {() => boolean} work */
function repeat(work) {
  let isMore = true;
  while (isMore) preserveScroll(() => (isMore = work()));
}

function update() {
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

/** Goes to the newest message, over all that is between. */
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
  // Also where nobody scrolls: messages come, the window changes its size.
  new ResizeObserver(() => requestAnimationFrame(update)).observe(list);
  // On paper is all of it that has been loaded.
  window.addEventListener("beforeprint", () => {
    for (const side of [older, newer]) while (side.out.length > 0) putBack(side);
  });
  window.addEventListener("afterprint", update);
}
