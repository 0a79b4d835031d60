// Files on the page of a reply link. Each is uploaded as soon as it is chosen and resumes after a lost connection; the form
// then refers to them by id. Without this script the form carries the files itself.

import { FILES_MAX, REMOVE_REFUSED, lineFor, showPicture, showState } from "./file_line.js";
import { giveUp, idOf, upload } from "./uploads.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("composer"));
const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("files"));
const problem = document.getElementById("text-problem");

/** The lines of running uploads. @type {Set<HTMLElement>} */
const uploading = new Set();
let isSubmitRequested = false;

/** @param {string} words the problem, or an empty string */
function showProblem(words) {
  if (problem) problem.textContent = words;
}

/** Whether files are attached. */
export const hasFiles = () => tray.childElementCount > 0;

/** Whether the form can be sent now. If uploads are running, it is sent as soon as they are done. */
export function isReady() {
  const hasRefused = tray.querySelector(".refused") !== null;
  showProblem(hasRefused ? REMOVE_REFUSED : "");
  isSubmitRequested = !hasRefused && uploading.size > 0;
  form.classList.toggle("waits", isSubmitRequested);
  return !hasRefused && uploading.size === 0;
}

/** An upload has ended. @param {HTMLElement} line */
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
  upload(
    file,
    { channel: form.dataset.channel ?? "", name },
    {
      signal: canceled.signal,
      onBegun: (begun) => {
        address = begun;
      },
      onProgress: (bytes) => showState(line, { bytes }),
      onLost: () => showState(line, { isLost: true }),
    },
  )
    .then(
      () => {
        line.append(
          Object.assign(document.createElement("input"), {
            type: "hidden",
            name: "attachments",
            value: idOf(address),
          }),
        );
        showState(line, { isThere: true });
      },
      (error) => {
        showState(line, { refused: error.message || "This file could not be sent." });
      },
    )
    .finally(() => finish(line));
}

export function initFiles() {
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // The files are uploaded separately, and the same file can be chosen again.
    input.value = "";
    showProblem("");
    for (const file of files) {
      if (tray.childElementCount >= FILES_MAX)
        return showProblem(`A message has at most ${FILES_MAX} files.`);
      add(file);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (uploading.size > 0) event.preventDefault();
  });
}
