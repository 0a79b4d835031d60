// Files on the page of a reply link: each goes to the server as soon as it is chosen, and goes on where it was when the
// connection was lost. The form names them when it is sent. Without this script the form brings them itself.

import { FILES_MOST, REMOVE_REFUSED, lineFor, showPicture, showState } from "./waiting.js";
import { giveUp, idOf, upload } from "./uploads.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("files"));
const problem = document.getElementById("text-problem");

/** The lines whose files are on their way. @type {Set<HTMLElement>} */
const coming = new Set();
let isAskedToSend = false;

/** @param {string} words what is wrong, or nothing */
function say(words) {
  if (problem) problem.textContent = words;
}

/** Whether there are files to be sent. */
export const hasFiles = () => tray.childElementCount > 0;

/** Whether the form can be sent now. Where files are still on their way it is as soon as they are there. */
export function isReady() {
  const hasRefused = tray.querySelector(".refused") !== null;
  say(hasRefused ? REMOVE_REFUSED : "");
  isAskedToSend = !hasRefused && coming.size > 0;
  form.classList.toggle("waits", isAskedToSend);
  return !hasRefused && coming.size === 0;
}

/** A file is no longer on its way. @param {HTMLElement} line */
function settle(line) {
  coming.delete(line);
  if (isAskedToSend && coming.size === 0) form.requestSubmit();
}

/** @param {File} file */
function bring(file) {
  const { name } = file;
  const line = lineFor(file);
  const ended = new AbortController();
  let address = "";
  line.querySelector("button")?.addEventListener("click", () => {
    ended.abort();
    if (address) giveUp(address);
    line.remove();
    say("");
    settle(line);
  });
  tray.append(line);
  showPicture(line, file);
  coming.add(line);
  upload(file, { channel: form.dataset.channel ?? "", name }, {
    signal: ended.signal,
    onBegun: (begun) => {
      address = begun;
    },
    onProgress: (bytes) => showState(line, { bytes }),
    onLost: () => showState(line, { isLost: true }),
  }).then(() => {
    line.append(Object.assign(document.createElement("input"), { type: "hidden", name: "attachments", value: idOf(address) }));
    showState(line, { isThere: true });
  }, (error) => {
    showState(line, { refused: error.message || "This file could not be sent." });
  }).finally(() => settle(line));
}

export function keepFiles() {
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // They go by themselves now, and the same one can be chosen again.
    input.value = "";
    say("");
    for (const file of files) {
      if (tray.childElementCount >= FILES_MOST) return say(`A message has at most ${FILES_MOST} files.`);
      bring(file);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (coming.size > 0) event.preventDefault();
  });
}
