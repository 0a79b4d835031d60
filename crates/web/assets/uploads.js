// The way of a file to the server: the tus protocol (tus.io), version 1.0. What has come stays there when the connection is
// lost, and it goes on from there as often as it takes.

/**
 * What an upload is for: to be sent with a message of a channel, or to lie in one of its folders (an id, or empty for the top).
 * @typedef {{channel: string, name: string, folder?: string}} UploadTarget
 */

/**
 * @typedef {object} UploadOptions
 * @property {string} [address] where the upload is, if it was begun before
 * @property {(address: string) => unknown} [onBegun]
 * @property {(bytes: number) => void} [onProgress] how many are there
 * @property {() => void} [onLost] there is no connection; it is tried again
 * @property {AbortSignal} [signal] ends it
 */

/** The server will not take it, whatever is tried. */
export class Refused extends Error {}
/** Somebody has to sign in first. */
export class SignedOut extends Error {}
/** There is no connection, or the server cannot just now. */
class Lost extends Error {}

const RETRY_FIRST = 1000;
const RETRY_MAX = 30_000;
/** A connection over which nothing goes for so long is none, in milliseconds. */
const SILENCE_MAX = 30_000;
/** The page of a reply link has no session: the link says who uploads. */
const link = document.getElementById("composer")?.dataset.link;
const HEADERS = { "tus-resumable": "1.0.0", accept: "application/json", ...(link ? { "portal-reply-link": link } : {}) };

/** Brings a file to the server and answers its address there. @param {Blob} blob @param {UploadTarget} target @param {UploadOptions} watch */
export async function upload(blob, target, { address, onBegun, onProgress, onLost, signal }) {
  let retryIn = RETRY_FIRST;
  for (;;) {
    signal?.throwIfAborted();
    try {
      let offset = address ? await offsetOf(address) : null;
      // It is what it was to become: only the answer was lost.
      if (address && offset === Infinity) return address;
      if (!address || offset === null) {
        address = await create(blob, target);
        offset = 0;
        await onBegun?.(address);
        signal?.throwIfAborted();
        // There is nothing to bring: it was there when it was announced.
        if (blob.size === 0) return address;
      }
      const from = offset;
      onProgress?.(from);
      await send(address, blob, from, (bytes) => {
        retryIn = RETRY_FIRST;
        onProgress?.(bytes);
      }, signal);
      return address;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
    onLost?.();
    await pause(retryIn, signal);
    retryIn = Math.min(retryIn * 2, RETRY_MAX);
  }
}

/** Gives an upload up; where that is lost the server does so by itself. @param {string} address */
export function giveUp(address) {
  return fetch(address, { method: "DELETE", headers: HEADERS, keepalive: true }).catch(() => null);
}

/** The id of an upload in its address. @param {string} address */
export const idOf = (address) => address.slice(address.lastIndexOf("/") + 1);

/** @param {string} text base64 of its UTF-8 */
const toBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** @param {string} address @param {RequestInit} request */
async function sendRequest(address, request) {
  const signal = AbortSignal.timeout(SILENCE_MAX);
  const response = await fetch(address, { ...request, signal }).catch(() => null);
  if (!response) throw new Lost();
  if (response.ok) return response;
  const message = (await response.json().catch(() => null))?.message;
  throw response.status === 404 ? new Refused(message) : failure(response.status, message);
}

/** @param {number} status @param {string} [message] */
function failure(status, message) {
  if (status === 401) return new SignedOut();
  // 507: there is no room, and trying again makes none.
  const isPassing = (status >= 500 && status !== 507) || [0, 404, 408, 409, 410, 423, 429].includes(status);
  return isPassing ? new Lost() : new Refused(message ?? "This file could not be sent.");
}

/** @param {Blob} blob @param {UploadTarget} target */
async function create(blob, { channel, name, folder }) {
  const pairs = [["channel", channel], ["filename", name], ...(folder === undefined ? [] : [["folder", folder]])];
  const metadata = pairs.map(([key, value]) => `${key} ${toBase64(value ?? "")}`).join(",");
  const headers = { ...HEADERS, "upload-length": String(blob.size), "upload-metadata": metadata };
  const response = await sendRequest("/uploads", { method: "POST", headers });
  const address = response.headers.get("location");
  if (!address) throw new Lost();
  return address;
}

/** How much of an upload is there; null where there is no such upload any more, Infinity where it is a file. @param {string} address */
async function offsetOf(address) {
  const response = await fetch(address, { method: "HEAD", headers: HEADERS, signal: AbortSignal.timeout(SILENCE_MAX) }).catch(() => null);
  if (response?.status === 404 || response?.status === 410) return null;
  if (!response?.ok) throw failure(response?.status ?? 0);
  return response.headers.has("portal-file") ? Infinity : Number(response.headers.get("upload-offset"));
}

/**
 * Brings everything from `offset` on. Only XMLHttpRequest says how far it is.
 * @param {string} address
 * @param {Blob} blob
 * @param {number} offset
 * @param {(bytes: number) => void} onProgress
 * @param {AbortSignal} [signal]
 */
function send(address, blob, offset, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let silence = 0;
    const listen = () => {
      clearTimeout(silence);
      silence = window.setTimeout(() => request.abort(), SILENCE_MAX);
    };
    const stop = () => request.abort();
    request.open("PATCH", address);
    const headers = { ...HEADERS, "content-type": "application/offset+octet-stream", "upload-offset": String(offset) };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => {
      listen();
      onProgress(offset + loaded);
    };
    request.onloadend = () => {
      clearTimeout(silence);
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) return reject(signal.reason);
      if (request.status >= 200 && request.status < 300) return resolve(undefined);
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // It has no body, or none that says why.
      }
      reject(failure(request.status, body?.message));
    };
    signal?.addEventListener("abort", stop);
    listen();
    request.send(blob.slice(offset));
  });
}

/** Waits; shorter where the connection comes back or it is ended. @param {number} time @param {AbortSignal} [signal] */
function pause(time, signal) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener("online", finish);
      signal?.removeEventListener("abort", finish);
      resolve(undefined);
    };
    const timer = window.setTimeout(finish, time);
    window.addEventListener("online", finish);
    signal?.addEventListener("abort", finish);
  });
}
