// The messages on the page, ordered by position. Each id appears once, whether the response or the live update comes first.
// A message that is being sent has no position yet and comes last.

import { messageOf, next, regroup, regroupAround, removeDayLine } from "./grouping.js";
import { preserveScroll } from "./scroll.js";
import { localize } from "./times.js";
import { parts } from "./virtual_list.js";

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const entryTemplate = /** @type {HTMLTemplateElement} */ (document.getElementById("blank"));
const actionsTemplate = /** @type {HTMLTemplateElement} */ (document.getElementById("actions"));

export const channel = main.dataset.channel ?? "";
export const me = document.body.dataset.me ?? "";

/** @param {Element} entry its position is Infinity while it is being sent */
export const positionOf = (entry) => Number(messageOf(entry)?.dataset.position || Infinity);

/** @param {Element} entry */
export const authorOf = (entry) => messageOf(entry)?.dataset.author ?? "";

/** @param {Element} entry */
export const idOf = (entry) => messageOf(entry)?.dataset.id ?? "";

/** All matching elements, in message order. @param {string} selector */
const select = (selector) => parts().flatMap((part) => [...part.querySelectorAll(selector)]);

/** All entries, in message order. */
export const all = () => select(".entry");

/** The entries by message id. @type {Map<string, Element>} */
const byId = new Map(all().map((entry) => [idOf(entry), entry]));

/** The entry of a message. @param {string} id */
export const find = (id) => byId.get(id) ?? null;

/** The entries from the newest to the oldest. */
export function* backwards() {
  for (const part of parts().reverse()) {
    for (let child = part.lastElementChild; child; child = child.previousElementSibling) {
      if (child.classList.contains("entry")) yield child;
    }
  }
}

/** The newest position on the page, or 0 if there is none. */
export function lastPosition() {
  for (const entry of backwards()) if (Number.isFinite(positionOf(entry))) return positionOf(entry);
  return 0;
}

/** The oldest position on the page, or 0 if there is none. */
export function firstPosition() {
  const first = parts()[0]?.querySelector(".entry");
  const position = first ? positionOf(first) : 0;
  return Number.isFinite(position) ? position : 0;
}

/** @param {string} html */
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  localize(template.content);
  return template.content;
}

/** The actions for one of the user's messages. @param {string} id */
function actionsFor(id) {
  const fragment = /** @type {DocumentFragment} */ (actionsTemplate.content.cloneNode(true));
  fragment.querySelector("a")?.setAttribute("href", `/messages/${channel}/messages/${id}/edit`);
  fragment.querySelector("form")?.setAttribute("action", `/messages/${channel}/messages/${id}/delete`);
  return fragment;
}

/** Inserts an entry at its position. @param {Element} entry */
function insert(entry) {
  removeDayLine(entry);
  byId.set(idOf(entry), entry);
  const position = positionOf(entry);
  for (const other of backwards()) {
    if (other !== entry && positionOf(other) <= position) return other.after(entry);
  }
  parts()[0]?.prepend(entry);
}

/**
 * Inserts a message, or replaces it by its newer version. Returns whether it is new.
 * @param {string} id
 * @param {string} html
 */
export function upsert(id, html) {
  const fresh = parse(html).querySelector(".message");
  if (!(fresh instanceof HTMLElement)) return false;
  const known = find(id);
  const wasThere = known !== null && Number.isFinite(positionOf(known));
  preserveScroll(() => {
    const entry = known ?? document.createElement("li");
    const isOwn = fresh.dataset.author === me;
    entry.classList.add("entry");
    entry.classList.toggle("own", isOwn);
    entry.classList.remove("sending", "waiting", "refused");
    entry.querySelectorAll(":scope > :is(.fate, .actions)").forEach((part) => part.remove());
    const old = messageOf(entry);
    if (old) old.replaceWith(fresh);
    else entry.prepend(fresh);
    if (isOwn && !fresh.classList.contains("deleted")) fresh.after(actionsFor(id));
    if (!wasThere) insert(entry);
    regroupAround(entry);
  });
  document.querySelector("[data-beginning]")?.remove();
  return !wasThere;
}

/**
 * Shows a message that is being sent, from the same template as a real one but without a position.
 * @param {string} id
 * @param {string} text
 * @param {string} at
 * @param {boolean} hasFiles whether to keep the container for attachments
 */
export function pending(id, text, at, hasFiles) {
  const known = find(id);
  if (known) return known;
  const fragment = /** @type {DocumentFragment} */ (entryTemplate.content.cloneNode(true));
  const entry = /** @type {Element} */ (fragment.querySelector(".entry"));
  const message = /** @type {HTMLElement} */ (messageOf(entry));
  entry.classList.add("sending");
  message.id = `message-${id}`;
  message.dataset.id = id;
  message.dataset.at = at;
  const time = /** @type {HTMLTimeElement} */ (message.querySelector("time"));
  time.dateTime = at;
  const say = /** @type {Element} */ (message.querySelector(".say"));
  say.classList.add("plain");
  say.textContent = text;
  if (!text) say.remove();
  if (!hasFiles) message.querySelector(".attachments")?.remove();
  preserveScroll(() => {
    insert(entry);
    localize(entry);
    regroupAround(entry);
  });
  document.querySelector("[data-beginning]")?.remove();
  return entry;
}

/** Removes an entry. @param {string} id */
export function remove(id) {
  const entry = find(id);
  if (entry)
    preserveScroll(() => {
      const below = next(entry);
      removeDayLine(entry);
      entry.remove();
      byId.delete(id);
      if (below) regroup(below);
    });
}

/** Inserts a page of older or newer messages. Returns how many were new. @param {string} html */
export function insertAll(html) {
  const found = [...parse(html).querySelectorAll(".entry")].filter((entry) => !find(idOf(entry)));
  const [oldest, newest] = [found[0], found.at(-1)];
  if (!oldest || !newest) return 0;
  preserveScroll(() => {
    const isOlder = positionOf(oldest) < firstPosition();
    found.forEach((entry) => byId.set(idOf(entry), entry));
    if (isOlder) parts()[0]?.prepend(...found);
    else found.forEach(insert);
    found.forEach(regroup);
    regroupAround(newest);
  });
  return found.length;
}

/** Moves the line above the first unread message, or removes it. @param {string | null} id */
export function markFirstUnread(id) {
  const old = select(".fresh")[0];
  if (!id && !old) return;
  preserveScroll(() => {
    const below = old && next(old);
    old?.remove();
    if (below) regroup(below);
    const entry = id ? find(id) : null;
    if (!entry) return;
    const line = document.createElement("li");
    line.className = "fresh";
    line.id = "new";
    line.innerHTML = "<span>New</span>";
    entry.before(line);
    regroup(entry);
  });
}
