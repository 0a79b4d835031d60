// Read receipts: the names of other members under the newest message they have read. The author of that message, or of a
// later one, is not listed.

import { on } from "./live.js";
import * as entries from "./entries.js";
import { preserveScroll } from "./scroll.js";
import { isComplete } from "./history.js";
import { localize } from "./times.js";

/** The most names in one line; the rest is given as a number. */
const NAMES_MAX = 4;

/** @returns {HTMLElement[]} */
const members = () =>
  [...document.querySelectorAll("#members > li")].filter((item) => item instanceof HTMLElement);

/** @param {string[]} names */
function joinNames(names) {
  if (names.length < 2) return names.join("");
  if (names.length <= NAMES_MAX) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, NAMES_MAX - 1).join(", ")} and ${names.length + 1 - NAMES_MAX} others`;
}

/** @param {{name: string, at: string}[]} people */
function line(people) {
  const words = document.createElement("p");
  words.className = "seen";
  const names = document.createElement("span");
  names.textContent = `Seen by ${joinNames(people.map((person) => person.name))}`;
  words.append(names);
  const [only] = people;
  if (people.length === 1 && only?.at) {
    const time = document.createElement("time");
    time.dateTime = only.at;
    time.dataset.form = "short";
    words.append(time);
    localize(words);
  }
  return words;
}

/** Finds the readers of each message, from the newest back. */
function findReaders() {
  /** @type {Map<Element, {name: string, at: string}[]>} */
  const seen = new Map();
  const oldest = entries.firstPosition();
  let remaining = members().filter(
    (member) =>
      member.dataset.person !== entries.me &&
      !member.hasAttribute("data-left") &&
      Number(member.dataset.read) >= oldest,
  );
  let isNewest = isComplete();
  for (const entry of entries.backwards()) {
    if (remaining.length === 0) break;
    const position = entries.positionOf(entry);
    if (!Number.isFinite(position)) continue;
    remaining = remaining.filter((member) => {
      if (entries.authorOf(entry) === member.dataset.person) return false;
      const read = Number(member.dataset.read);
      if (read < position) return true;
      if (read > position && !isNewest) return false;
      const at = member.querySelector(".seen-at time");
      const person = {
        name: member.dataset.name ?? "",
        at: at instanceof HTMLTimeElement ? at.dateTime : "",
      };
      seen.set(entry, [...(seen.get(entry) ?? []), person]);
      return false;
    });
    isNewest = false;
  }
  return seen;
}

/** The receipts on the page, by entry. @type {Map<Element, Element>} */
const shown = new Map();

function show() {
  const seen = findReaders();
  preserveScroll(() => {
    for (const [entry, old] of shown) {
      if (seen.has(entry)) continue;
      old.remove();
      shown.delete(entry);
    }
    for (const [entry, people] of seen) {
      const old = shown.get(entry);
      const fresh = line(people);
      if (old?.textContent === fresh.textContent) continue;
      old?.remove();
      entry.append(fresh);
      shown.set(entry, fresh);
    }
  });
}

export function initReadReceipts() {
  for (const old of document.querySelectorAll("#entries > .entry > .seen"))
    shown.set(/** @type {Element} */ (old.parentElement), old);
  on("read", ({ channel, person, position, at }) => {
    if (channel !== entries.channel) return;
    const member = members().find((item) => item.dataset.person === person);
    if (!member || Number(member.dataset.read) >= position) return;
    member.dataset.read = String(position);
    const time = member.querySelector(".seen-at time");
    if (time instanceof HTMLTimeElement) {
      time.dateTime = at;
      time.dataset.form = "short";
      localize(member);
      if (!member.hasAttribute("data-left")) time.closest(".seen-at")?.removeAttribute("hidden");
    }
    show();
  });
  on("message", ({ channel }) => {
    // Runs after the conversation has inserted the message.
    if (channel === entries.channel) queueMicrotask(show);
  });
}
