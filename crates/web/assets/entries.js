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

/** The newest position on the page; 0 where there is none. */
export function lastPosition() {
  const known = all().map(positionOf).filter(Number.isFinite);
  return known.at(-1) ?? 0;
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
  const next = all().find((other) => other !== entry && positionOf(other) > position);
  list.insertBefore(entry, next ?? null);
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
    arrange();
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
    arrange();
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
  keeping(() => {
    list.querySelector(":scope > .fresh")?.remove();
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

/** Days and runs, by the reader's own calendar. Whoever changes the list calls this, inside `keeping`. */
export function arrange() {
  /** @type {HTMLElement | null} */
  let before = null;
  let isBroken = true;
  let today = "";
  for (const child of [...list.children]) {
    if (child.classList.contains("day")) {
      child.remove();
      continue;
    }
    const message = messageOf(child);
    if (!message) {
      isBroken = true;
      continue;
    }
    const at = new Date(message.dataset.at ?? "");
    const key = dayKey(at);
    if (key !== today) {
      today = key;
      isBroken = true;
      const line = dayLine(message.dataset.at ?? "");
      const above = child.previousElementSibling;
      if (above?.classList.contains("fresh")) above.before(line);
      else child.before(line);
    }
    const apart = before ? at.getTime() - new Date(before.dataset.at ?? "").getTime() : Infinity;
    const isRun = !isBroken && before?.dataset.author === message.dataset.author && apart <= RUN_WITHIN;
    child.classList.toggle("run", isRun);
    before = message;
    isBroken = false;
  }
}

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
