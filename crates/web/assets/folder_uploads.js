// Uploads into an open folder: files that are chosen, dropped or pasted, each with its progress and a button to cancel.

import { signedOut } from "./live.js";
import { refresh } from "./folder.js";
import { Refused, SignedOut, giveUp, upload } from "./uploads.js";
import { sizeOf } from "./file_line.js";

/** The most uploads at the same time. */
const AT_ONCE = 3;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const list = document.getElementById("on-their-way");
const announcement = document.getElementById("told");
const maxSize = Number(main.dataset.takes);

/** @type {(() => Promise<void>)[]} */
const queue = [];
let busy = 0;

/** @param {string} tag @param {string} words @param {string} [name] of its class */
function element(tag, words, name = "") {
  const made = document.createElement(tag);
  made.textContent = words;
  made.className = name;
  return made;
}

/** The line of a file that is being uploaded. @param {File} file */
function line(file) {
  const row = document.createElement("li");
  const words = document.createElement("span");
  const name = element("b", file.name, "clip");
  name.dir = "auto";
  const state = element("i", sizeOf(file.size));
  const progress = document.createElement("progress");
  progress.max = Math.max(file.size, 1);
  progress.value = 0;
  progress.setAttribute("aria-label", file.name);
  words.append(name, progress, state);
  const stop = /** @type {HTMLButtonElement} */ (element("button", "Cancel", "button quiet"));
  stop.type = "button";
  stop.setAttribute("aria-label", `Cancel ${file.name}`);
  row.append(words, stop);
  list?.append(row);
  return { row, state, progress, stop };
}

/** @param {File} file */
function begin(file) {
  const { row, state, progress, stop } = line(file);
  const canceled = new AbortController();
  let address = "";
  stop.addEventListener("click", () => {
    canceled.abort();
    if (address) giveUp(address);
    row.remove();
  });
  /** @param {string} why */
  const refuse = (why) => {
    row.className = "refused";
    progress.remove();
    state.textContent = why;
    stop.textContent = "Dismiss";
    stop.setAttribute("aria-label", `Dismiss ${file.name}`);
    if (announcement) announcement.textContent = `${file.name}: ${why}`;
  };
  if (file.size > maxSize) return refuse(`Too large: a file has at most ${sizeOf(maxSize)}.`);
  queue.push(async () => {
    if (canceled.signal.aborted) return;
    const aim = { channel: main.dataset.channel ?? "", name: file.name, folder: main.dataset.inside ?? "" };
    try {
      await upload(file, aim, {
        signal: canceled.signal,
        onBegun: (begun) => {
          address = begun;
        },
        onProgress: (bytes) => {
          row.className = "";
          progress.value = bytes;
          state.textContent = `${sizeOf(bytes)} of ${sizeOf(file.size)}`;
        },
        onLost: () => {
          row.className = "lost";
          state.textContent = "Waiting for a connection";
        },
      });
      row.remove();
      if (announcement) announcement.textContent = `${file.name} is uploaded.`;
      refresh();
    } catch (error) {
      if (canceled.signal.aborted) return;
      if (error instanceof SignedOut) signedOut();
      else
        refuse(
          error instanceof Refused && error.message ? error.message : "This file could not be uploaded.",
        );
    }
  });
  next();
}

function next() {
  while (busy < AT_ONCE) {
    const work = queue.shift();
    if (!work) return;
    busy += 1;
    work().finally(() => {
      busy -= 1;
      next();
    });
  }
}

/** The files of a drop or paste. Dropped folders are left out: they have no bytes. @param {DataTransfer | null} transfer */
function filesOf(transfer) {
  const items = [...(transfer?.items ?? [])].filter((item) => item.kind === "file");
  const files = items
    .filter((item) => !item.webkitGetAsEntry?.()?.isDirectory)
    .map((item) => item.getAsFile());
  return files.filter((file) => file !== null);
}

export function initFolderUploads() {
  const form = document.getElementById("uploading");
  const input = form?.querySelector("input[type=file]");
  if (!(form instanceof HTMLFormElement) || !(input instanceof HTMLInputElement)) return;
  input.addEventListener("change", () => {
    [...(input.files ?? [])].forEach(begin);
    input.value = "";
  });
  main.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (files.length === 0) return;
    event.preventDefault();
    files.forEach(begin);
  });
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    main.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) main.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    main.classList.remove("dropping");
    filesOf(event.dataTransfer).forEach(begin);
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy > 0) event.preventDefault();
  });
}
