// The messages on the page: put in by position, each id once, whichever of answer and live update comes first.
// A message that is being sent has no position yet and stands behind all others.

import { keeping } from "./scroll.js";
import { dayKey, localize } from "./times.js";

const list = /** @type {HTMLElement} */ (document.getElementById("entries"));
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const blank = /** @type {HTMLTemplateElement} */ (document.getElementById("blank"));
const actions = /** @type {HTMLTemplateElement} */ (document.getElementById("actions"));

export const channel = main.dataset.channel ?? "";
export const me = document.body.dataset.me ?? "";

/** Messages of one author share one header while no longer apart than this, in milliseconds. */
const RUN_WITHIN = 5 * 60 * 1000;

/** @param {Element} entry */
const messageOf = (entry) => /** @type {HTMLElement | null} */ (entry.querySelector(":scope > .message"));

/** The entry of a message. @param {string} id */
export const find = (id) => document.getElementById(`message-${id}`)?.closest(".entry") ?? null;

/** @param {Element} entry Infinity while it is being sent. */
export const positionOf = (entry) => Number(messageOf(entry)?.dataset.position || Infinity);

/** @param {Element} entry */
export const authorOf = (entry) => messageOf(entry)?.dataset.author ?? "";

/** @param {Element} entry */
export const idOf = (entry) => messageOf(entry)?.dataset.id ?? "";

/** All entries in their order. */
export const all = () => [...list.querySelectorAll(":scope > .entry")];

/** The entries from the newest to the oldest. */
export function* backwards() {
  for (let child = list.lastElementChild; child; child = child.previousElementSibling) {
    if (child.classList.contains("entry")) yield child;
  }
}

/** The newest position on the page; 0 where there is none. */
export function lastPosition() {
  for (const entry of backwards()) if (Number.isFinite(positionOf(entry))) return positionOf(entry);
  return 0;
}

/** The oldest position on the page; 0 where there is none. */
export function firstPosition() {
  const first = list.querySelector(":scope > .entry");
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

/** What one may do with an own message, made for it. @param {string} id */
function actionsFor(id) {
  const made = /** @type {DocumentFragment} */ (actions.content.cloneNode(true));
  made.querySelector("a")?.setAttribute("href", `/messages/${channel}/messages/${id}/edit`);
  made.querySelector("form")?.setAttribute("action", `/messages/${channel}/messages/${id}/delete`);
  return made;
}

/** Puts an entry where its position says. @param {Element} entry */
function insert(entry) {
  const position = positionOf(entry);
  let next = null;
  for (const other of backwards()) {
    if (other === entry) continue;
    if (positionOf(other) <= position) break;
    next = other;
  }
  list.insertBefore(entry, next);
}

/**
 * Puts a message in, or its newer form in its place. Says whether it was not there before.
 * @param {string} id
 * @param {string} html
 */
export function place(id, html) {
  const fresh = parse(html).querySelector(".message");
  if (!(fresh instanceof HTMLElement)) return false;
  const known = find(id);
  const wasThere = known !== null && Number.isFinite(positionOf(known));
  keeping(() => {
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
    arrange(entry);
  });
  document.querySelector("[data-beginning]")?.remove();
  return !wasThere;
}

/**
 * Shows a message that is being sent: the same template as a real one, without its position.
 * @param {string} id
 * @param {string} text
 * @param {string} at
 */
export function pending(id, text, at) {
  const known = find(id);
  if (known) return known;
  const made = /** @type {DocumentFragment} */ (blank.content.cloneNode(true));
  const entry = /** @type {Element} */ (made.querySelector(".entry"));
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
  keeping(() => {
    list.append(entry);
    localize(entry);
    arrange(entry);
  });
  document.querySelector("[data-beginning]")?.remove();
  return entry;
}

/** Takes an entry out. @param {string} id */
export function remove(id) {
  const entry = find(id);
  if (entry) keeping(() => {
    entry.remove();
    arrange();
  });
}

/** Puts a stretch of older or newer messages in. @param {string} html */
export function placeAll(html) {
  const found = [...parse(html).querySelectorAll(".entry")].filter((entry) => !find(idOf(entry)));
  keeping(() => {
    const first = list.firstElementChild;
    const isOlder = found.length > 0 && positionOf(/** @type {Element} */ (found[0])) < firstPosition();
    if (isOlder) found.forEach((entry) => list.insertBefore(entry, first));
    else found.forEach(insert);
    arrange();
  });
  return found.length;
}

/** The line above the first unread message, or none. @param {string | null} id */
export function markFresh(id) {
  const old = list.querySelector(":scope > .fresh");
  if (!id && !old) return;
  keeping(() => {
    old?.remove();
    const entry = id ? find(id) : null;
    if (entry) {
      const line = document.createElement("li");
      line.className = "fresh";
      line.id = "new";
      line.innerHTML = "<span>New</span>";
      entry.before(line);
    }
    arrange();
  });
}

/**
 * Days and runs, by the reader's own calendar: of the whole page, or around one entry that is new. Whoever changes the
 * list calls this, inside `keeping`.
 * @param {Element} [fresh]
 */
export function arrange(fresh) {
  if (!fresh) return all().forEach(settle);
  settle(fresh);
  let next = fresh.nextElementSibling;
  while (next && !messageOf(next)) next = next.nextElementSibling;
  if (next) settle(next);
}

/** Gives an entry the lines that belong above it, and its place in a run. @param {Element} entry */
function settle(entry) {
  const message = /** @type {HTMLElement} */ (messageOf(entry));
  /** @type {Element[]} */
  const lines = [];
  let above = entry.previousElementSibling;
  for (; above && !messageOf(above); above = above.previousElementSibling) lines.push(above);
  const before = above && messageOf(above);
  const at = message.dataset.at ?? "";
  const isNewDay = !before || dayOf(before) !== dayOf(message);
  lines.filter((line) => line.classList.contains("day")).forEach((line) => line.remove());
  const others = lines.filter((line) => line.isConnected);
  if (isNewDay) (others.at(-1) ?? entry).before(dayLine(at));
  const apart = before ? new Date(at).getTime() - new Date(before.dataset.at ?? "").getTime() : Infinity;
  const isSame = before?.dataset.author === message.dataset.author && apart <= RUN_WITHIN;
  entry.classList.toggle("run", isSame && !isNewDay && others.length === 0);
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
