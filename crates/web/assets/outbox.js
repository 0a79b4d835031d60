// Messages that are not with the server yet, kept on the device until they are. All tabs of one browser share them.

import * as device from "./device_store.js";
import { removalOf } from "./attachments.js";

/**
 * @typedef {object} Waiting
 * @property {string} id made here, UUID version 7
 * @property {string} channel
 * @property {string} text
 * @property {number} shown the newest position that was on screen
 * @property {string} at
 * @property {string[]} [attachments] the ids of files that go with it
 * @property {string} [refused] why the server would not take it
 */

/** The time in the newest id known here, in milliseconds. */
let newest = 0;

/** Keeps a message that has just been written; it is a draft no more. @param {Waiting} message */
export const add = (message) =>
  device.change([
    { part: "outbox", key: message.id, value: message },
    { part: "drafts", key: message.channel },
  ]);

/** Keeps what has become of a message. @param {Waiting} message */
export const update = (message) => device.change([{ part: "outbox", key: message.id, value: message }]);

/** It is with the server, or given up: its files go from the device as well. @param {string} id */
export async function forget(id) {
  const message = await find(id);
  await device.change([{ part: "outbox", key: id }, ...removalOf(message?.attachments ?? [])]);
}

/** @param {string} id @returns {Promise<Waiting | undefined>} */
export const find = (id) => device.one("outbox", id);

/** All that wait, in the order in which they were written, which is that of their ids. @returns {Promise<Waiting[]>} */
export async function waiting() {
  const found = await device.all("outbox");
  for (const id of found.keys()) newest = Math.max(newest, timeOf(id));
  return [...found.values()];
}

/** @param {string} id */
const timeOf = (id) => parseInt(id.replace("-", "").slice(0, 12), 16);

/**
 * A new id: its first bits are the time (UUID version 7, RFC 9562, 5.7), later than that of every one before, even
 * where the clock was set back.
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  newest = Math.max(Date.now(), newest + 1);
  let time = newest;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (/** @type {number} */ (bytes[6]) & 0x0f);
  bytes[8] = 0x80 | (/** @type {number} */ (bytes[8]) & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
