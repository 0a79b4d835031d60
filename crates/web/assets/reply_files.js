// Files on the page of a reply link: each goes to the server as soon as it is chosen, and goes on where it was when the
// connection was lost. The form names them when it is sent. Without this script the form brings them itself.

import { FILES_MAX, REMOVE_REFUSED, lineFor, showPicture, showState } from "./file_line.js";
import { giveUp, idOf, upload } from "./uploads.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("files"));
const problem = document.getElementById("text-problem");

/** The lines whose files are on their way. @type {Set<HTMLElement>} */
const uploading = new Set();
let isSubmitRequested = false;

/** @param {string} words what is wrong, or nothing */
function showProblem(words) {
  if (problem) problem.textContent = words;
}

/** Whether there are files to be sent. */
export const hasFiles = () => tray.childElementCount > 0;

/** Whether the form can be sent now. Where files are still on their way it is as soon as they are there. */
export function isReady() {
  const hasRefused = tray.querySelector(".refused") !== null;
  showProblem(hasRefused ? REMOVE_REFUSED : "");
  isSubmitRequested = !hasRefused && uploading.size > 0;
  form.classList.toggle("waits", isSubmitRequested);
  return !hasRefused && uploading.size === 0;
}

/** A file is no longer on its way. @param {HTMLElement} line */
function finish(line) {
  uploading.delete(line);
  if (isSubmitRequested && uploading.size === 0) form.requestSubmit();
}

/** @param {File} file */
function add(file) {
  const { name } = file;
  const line = lineFor(file);
  const canceled = new AbortController();
  let address = "";
  line.querySelector("button")?.addEventListener("click", () => {
    canceled.abort();
    if (address) giveUp(address);
    line.remove();
    showProblem("");
    finish(line);
  });
  tray.append(line);
  showPicture(line, file);
  uploading.add(line);
  upload(file, { channel: form.dataset.channel ?? "", name }, {
    signal: canceled.signal,
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
  }).finally(() => finish(line));
}

export function initFiles() {
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // They go by themselves now, and the same one can be chosen again.
    input.value = "";
    showProblem("");
    for (const file of files) {
      if (tray.childElementCount >= FILES_MAX) return showProblem(`A message has at most ${FILES_MAX} files.`);
      add(file);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (uploading.size > 0) event.preventDefault();
  });
}
