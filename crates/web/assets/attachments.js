// Files that are to be sent with a message: kept on the device with their bytes until the message has arrived, and brought to
// the server from whichever tab has them. What waits to be sent and is named by no message yet stands in the composer.

import * as device from "./device_store.js";
import { SignedOut, giveUp, idOf, upload } from "./uploads.js";
import { signedOut } from "./live.js";

/**
 * @typedef {object} Attachment
 * @property {string} id made here
 * @property {string} channel
 * @property {string} name
 * @property {number} size
 * @property {string} type
 * @property {string} [address] where it is on the server
 * @property {boolean} [isThere] all of it
 */

/**
 * How an attachment is doing: how many bytes are there, whether there is a connection, why it was refused.
 * @typedef {{id: string, bytes?: number, isLost?: boolean, isThere?: boolean, refused?: string}} State
 */

/** @type {((state: State) => void)[]} */
const listeners = [];
/** What this tab brings, and how to end it. @type {Map<string, {work: Promise<string | null>, stop: AbortController}>} */
const running = new Map();

/** @param {(state: State) => void} listener */
export function onState(listener) {
  listeners.push(listener);
}

/** @param {State} state */
function notify(state) {
  listeners.forEach((listener) => listener(state));
}

let count = 0;

/** Keeps a file on the device. @param {string} channel @param {File} file @returns {Promise<Attachment>} */
export async function add(channel, file) {
  const { name, size, type } = file;
  count += 1;
  // In the order in which they were chosen.
  const id = `${Date.now().toString(36)}-${String(count).padStart(4, "0")}-${Math.random().toString(36).slice(2)}`;
  const attachment = { id, channel, name, size, type };
  await device.change([
    { part: "attachments", key: id, value: attachment },
    { part: "bytes", key: id, value: file },
  ]);
  return attachment;
}

/** Takes over what is on the server already. @param {string} channel @param {string} name @param {string} upload its id */
export function adopt(channel, name, upload) {
  const attachment = { id: upload, channel, name, size: 0, type: "", address: `/uploads/${upload}`, isThere: true };
  return device.change([{ part: "attachments", key: upload, value: attachment }]);
}

/** What takes attachments off the device. @param {string[]} ids @returns {import("./device_store.js").Change[]} */
export const removalOf = (ids) =>
  ids.flatMap((id) => [{ part: /** @type {const} */ ("attachments"), key: id }, { part: /** @type {const} */ ("bytes"), key: id }]);

/** Takes one back that is not sent. @param {string} id */
export async function remove(id) {
  running.get(id)?.stop.abort();
  // Both begun at once: the less waits, the less a page that is left right now takes along.
  const [attachment] = await Promise.all([find(id), device.change(removalOf([id]))]);
  if (attachment?.address) giveUp(attachment.address);
}

/** @param {string} id @returns {Promise<Attachment | undefined>} */
export const find = (id) => device.one("attachments", id);

/** The bytes of one. @param {string} id @returns {Promise<Blob | undefined>} */
export const bytesOf = (id) => device.one("bytes", id);

/** What stands in a channel's composer, in the order in which it was chosen. @param {string} channel @returns {Promise<Attachment[]>} */
export async function chosen(channel) {
  const [attachments, messages] = await Promise.all([device.all("attachments"), device.all("outbox")]);
  const named = new Set([...messages.values()].flatMap((message) => message.attachments ?? []));
  return [...attachments.values()].filter((one) => one.channel === channel && !named.has(one.id));
}

/** The ids of uploads, where all of them are there. @param {string[]} ids @returns {Promise<string[] | null>} */
export async function uploadIdsOf(ids) {
  const found = await Promise.all(ids.map(find));
  const addresses = found.map((one) => (one?.isThere ? one.address : undefined));
  return addresses.every((address) => address !== undefined) ? addresses.map((address) => idOf(address ?? "")) : null;
}

/** Looks anew at the server whether they are there. @param {string[]} ids */
export async function recheck(ids) {
  const found = (await Promise.all(ids.map(find))).filter((one) => one !== undefined);
  await device.change(found.map((one) => ({ part: "attachments", key: one.id, value: { ...one, isThere: false } })));
}

/** Brings one to the server, or waits until another tab has; rejects where that will not be. @param {string} id */
export function ensureUploaded(id) {
  const known = running.get(id);
  if (known) return known.work;
  const stop = new AbortController();
  const here = () => uploadHere(id, stop.signal);
  const work = (navigator.locks ? navigator.locks.request(`attachment:${id}`, here) : here())
    .catch((error) => {
      if (error instanceof SignedOut) signedOut();
      if (!stop.signal.aborted) notify({ id, refused: error.message });
      throw error;
    })
    .finally(() => running.delete(id));
  running.set(id, { work, stop });
  return work;
}

/** @param {string} id @param {AbortSignal} signal @returns {Promise<string | null>} */
async function uploadHere(id, signal) {
  const attachment = await find(id);
  if (!attachment) return null;
  if (attachment.isThere) {
    notify({ id, isThere: true });
    return attachment.address ?? null;
  }
  const bytes = await bytesOf(id);
  if (!bytes) throw new Error("This file is no longer on this device.");
  const { channel, name } = attachment;
  /** @param {Partial<Attachment>} fields */
  const store = (fields) => {
    Object.assign(attachment, fields);
    return signal.aborted ? null : device.change([{ part: "attachments", key: id, value: { ...attachment } }]);
  };
  const address = await upload(bytes, { channel, name }, {
    address: attachment.address,
    onBegun: (address) => store({ address }),
    onProgress: (bytes) => notify({ id, bytes }),
    onLost: () => notify({ id, isLost: true }),
    signal,
  });
  await store({ address, isThere: true });
  notify({ id, isThere: true });
  return address;
}
