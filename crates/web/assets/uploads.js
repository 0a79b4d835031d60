// Resumable uploads with the tus protocol (tus.io), version 1.0. After a lost connection an upload continues from the last
// byte that the server has, as often as needed.

/**
 * Where an upload belongs: to a message of a channel, or into one of its folders (an id, or empty for the top folder).
 * @typedef {{channel: string, name: string, folder?: string}} UploadTarget
 */

/**
 * @typedef {object} UploadOptions
 * @property {string} [address] URL of the upload if it was started before
 * @property {(address: string) => unknown} [onBegun]
 * @property {(bytes: number) => void} [onProgress] how many bytes the server has
 * @property {() => void} [onLost] the connection is lost; the upload will be retried
 * @property {AbortSignal} [signal] aborts the upload
 */

/** The server refuses the file for good. */
export class Refused extends Error {}
/** The session has ended. */
export class SignedOut extends Error {}
/** There is no connection, or the server is temporarily unavailable. */
class Lost extends Error {}

const RETRY_FIRST = 1000;
const RETRY_MAX = 30_000;
/** A connection without any progress for this long counts as lost, in milliseconds. */
const SILENCE_MAX = 30_000;
/** The page of a reply link has no session: the link identifies the user. */
const link = document.getElementById("composer")?.dataset.link;
const HEADERS = {
  "tus-resumable": "1.0.0",
  accept: "application/json",
  ...(link ? { "portal-reply-link": link } : {}),
};

/** Uploads a file and returns its URL. @param {Blob} blob @param {UploadTarget} target @param {UploadOptions} options */
export async function upload(blob, target, { address, onBegun, onProgress, onLost, signal }) {
  let retryIn = RETRY_FIRST;
  for (;;) {
    signal?.throwIfAborted();
    try {
      let offset = address ? await offsetOf(address) : null;
      // The upload is complete: only the response was lost.
      if (address && offset === Infinity) return address;
      if (!address || offset === null) {
        address = await create(blob, target);
        offset = 0;
        await onBegun?.(address);
        signal?.throwIfAborted();
        // An empty file is complete as soon as it is created.
        if (blob.size === 0) return address;
      }
      const from = offset;
      onProgress?.(from);
      await send(
        address,
        blob,
        from,
        (bytes) => {
          retryIn = RETRY_FIRST;
          onProgress?.(bytes);
        },
        signal,
      );
      return address;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
    onLost?.();
    await pause(retryIn, signal);
    retryIn = Math.min(retryIn * 2, RETRY_MAX);
  }
}

/** Cancels an upload. If the request is lost, the server drops the upload later on its own. @param {string} address */
export function giveUp(address) {
  return fetch(address, { method: "DELETE", headers: HEADERS, keepalive: true }).catch(() => null);
}

/** The id in the URL of an upload. @param {string} address */
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
  // 507: there is no space, and retrying does not help.
  const isPassing = (status >= 500 && status !== 507) || [0, 404, 408, 409, 410, 423, 429].includes(status);
  return isPassing ? new Lost() : new Refused(message ?? "This file could not be sent.");
}

/** @param {Blob} blob @param {UploadTarget} target */
async function create(blob, { channel, name, folder }) {
  const pairs = [
    ["channel", channel],
    ["filename", name],
    ...(folder === undefined ? [] : [["folder", folder]]),
  ];
  const metadata = pairs.map(([key, value]) => `${key} ${toBase64(value ?? "")}`).join(",");
  const headers = { ...HEADERS, "upload-length": String(blob.size), "upload-metadata": metadata };
  const response = await sendRequest("/uploads", { method: "POST", headers });
  const address = response.headers.get("location");
  if (!address) throw new Lost();
  return address;
}

/** How many bytes the server has; null if the upload no longer exists, Infinity if it has become a file. @param {string} address */
async function offsetOf(address) {
  const response = await fetch(address, {
    method: "HEAD",
    headers: HEADERS,
    signal: AbortSignal.timeout(SILENCE_MAX),
  }).catch(() => null);
  if (response?.status === 404 || response?.status === 410) return null;
  if (!response?.ok) throw failure(response?.status ?? 0);
  return response.headers.has("portal-file") ? Infinity : Number(response.headers.get("upload-offset"));
}

/**
 * Sends everything from `offset` on. Uses XMLHttpRequest because fetch reports no upload progress.
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
    const headers = {
      ...HEADERS,
      "content-type": "application/offset+octet-stream",
      "upload-offset": String(offset),
    };
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
        // There is no body, or it is not JSON.
      }
      reject(failure(request.status, body?.message));
    };
    signal?.addEventListener("abort", stop);
    listen();
    request.send(blob.slice(offset));
  });
}

/** Waits, but not longer than until the connection is back or the signal aborts. @param {number} time @param {AbortSignal} [signal] */
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
