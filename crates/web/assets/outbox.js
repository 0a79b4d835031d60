// Messages that are not with the server yet, kept on the device so that a reload loses none. All calls are
// asynchronous, so that what is behind them can change.

/**
 * @typedef {object} Waiting
 * @property {string} id made here, UUID version 7
 * @property {string} channel
 * @property {string} text
 * @property {number} shown the newest position that was on screen
 * @property {string} at
 * @property {string} [refused] why the server would not take it
 */

const key = `outbox:${document.body.dataset.me ?? ""}`;
/** What a browser without storage gets: the page's own memory. @type {Waiting[]} */
let memory = [];

/** @returns {Waiting[]} */
function load() {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]");
  } catch {
    return memory;
  }
}

/** @param {Waiting[]} messages */
function store(messages) {
  memory = messages;
  try {
    if (messages.length) localStorage.setItem(key, JSON.stringify(messages));
    else localStorage.removeItem(key);
  } catch {
    // Refused or full: they last as long as the page.
  }
}

/** Keeps a message, or its newer state, in its place. @param {Waiting} message */
export async function keep(message) {
  const messages = load();
  const index = messages.findIndex((other) => other.id === message.id);
  if (index < 0) messages.push(message);
  else messages[index] = message;
  store(messages);
}

/** @param {string} id */
export async function forget(id) {
  const messages = load();
  if (messages.some((message) => message.id === id)) store(messages.filter((message) => message.id !== id));
}

/** All that wait, in the order in which they were written. */
export async function waiting() {
  return load();
}

/** A new id: its first bits are the time (UUID version 7, RFC 9562, 5.7). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (/** @type {number} */ (bytes[6]) & 0x0f);
  bytes[8] = 0x80 | (/** @type {number} */ (bytes[8]) & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
