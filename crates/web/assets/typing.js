// Typing indicators: shown for five seconds after the last notice, sent at most every three.

import { on } from "./live.js";
import { channel } from "./entries.js";

const SHOWN_FOR = 5000;
const ANNOUNCE_EVERY = 3000;

const indicator = document.getElementById("typing");
/** @type {Map<string, {name: string, timer: number}>} */
const typists = new Map();
let announcedAt = 0;

function show() {
  const names = [...typists.values()].map(({ name }) => name);
  if (!indicator) return;
  if (names.length === 0) indicator.textContent = "";
  else if (names.length > 2) indicator.textContent = "Several people are typing …";
  else indicator.textContent = `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing …`;
}

/** @param {string} person */
function stop(person) {
  clearTimeout(typists.get(person)?.timer);
  if (typists.delete(person)) show();
}

/** Tells the others that the user is typing. */
export function announceTyping() {
  if (Date.now() - announcedAt < ANNOUNCE_EVERY) return;
  announcedAt = Date.now();
  fetch(`/messages/${channel}/typing`, { method: "POST", headers: { accept: "application/json" } }).catch(
    () => {},
  );
}

/** Announces the next keystroke at once, because a message was just sent. */
export function resetTyping() {
  announcedAt = 0;
}

export function initTyping() {
  on("typing", (event) => {
    if (event.channel !== channel) return;
    clearTimeout(typists.get(event.person)?.timer);
    const timer = window.setTimeout(stop, SHOWN_FOR, event.person);
    typists.set(event.person, { name: event.name, timer });
    show();
  });
  on("message", (event) => {
    if (event.channel === channel) stop(event.author);
  });
}
