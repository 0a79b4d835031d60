// Who is writing: shown for five seconds after each word of it, told at most every three.

import { on } from "./live.js";
import { channel } from "./entries.js";

const SHOWN_FOR = 5000;
const TELL_EVERY = 3000;

const place = document.getElementById("typing");
/** @type {Map<string, {name: string, timer: number}>} */
const writing = new Map();
let toldAt = 0;

function show() {
  const names = [...writing.values()].map(({ name }) => name);
  if (!place) return;
  if (names.length === 0) place.textContent = "";
  else if (names.length > 2) place.textContent = "Several people are typing …";
  else place.textContent = `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing …`;
}

/** @param {string} person */
function stop(person) {
  clearTimeout(writing.get(person)?.timer);
  if (writing.delete(person)) show();
}

/** Tells the others that something is being written. */
export function tellTyping() {
  if (Date.now() - toldAt < TELL_EVERY) return;
  toldAt = Date.now();
  fetch(`/messages/${channel}/typing`, { method: "POST", headers: { accept: "application/json" } }).catch(() => {});
}

/** The next word written is told at once: a message has just gone. */
export function forgetTyping() {
  toldAt = 0;
}

export function keepTyping() {
  on("typing", (event) => {
    if (event.channel !== channel) return;
    clearTimeout(writing.get(event.person)?.timer);
    const timer = window.setTimeout(stop, SHOWN_FOR, event.person);
    writing.set(event.person, { name: event.name, timer });
    show();
  });
  on("message", (event) => {
    if (event.channel === channel) stop(event.author);
  });
}
