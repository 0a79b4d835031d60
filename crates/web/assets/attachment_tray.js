// The files in the composer: chosen, dropped, pasted or taken with a phone's camera. They are uploaded while the message is
// still being written.

import * as attachments from "./attachments.js";
import { channel } from "./entries.js";
import { FILES_MAX, lineFor, showPicture, showState } from "./file_line.js";

/** @typedef {import("./attachments.js").Attachment} Attachment */

const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
const talk = /** @type {HTMLElement} */ (document.getElementById("main"));

/** The files in the tray, by id. @type {Map<string, {line: HTMLElement, refused?: string}>} */
const lines = new Map();
/** Shows a problem below the composer. @type {(words: string) => void} */
let showProblem = () => {};

/** The ids of the attachments in the composer, in order. */
export const ids = () => [...lines.keys()];

/** Whether the server refused one of them. */
export const hasRefused = () => [...lines.values()].some(({ refused }) => refused);

/** Empties the tray once its files belong to a message. */
export function empty() {
  for (const id of ids()) removeLine(id);
}

/** The line of a file, in the composer or in a message that is being sent. @param {Attachment} attachment */
function createLine(attachment) {
  const line = lineFor(attachment);
  line.dataset.attachment = attachment.id;
  attachments.bytesOf(attachment.id).then((bytes) => showPicture(line, bytes));
  return line;
}

/** @param {Attachment} attachment */
function add(attachment) {
  const { id } = attachment;
  const line = createLine(attachment);
  line.querySelector("button")?.addEventListener("click", () => {
    removeLine(id);
    attachments.remove(id);
    showProblem("");
  });
  lines.set(id, { line });
  tray.append(line);
  // Failures arrive as state changes.
  attachments.ensureUploaded(id).catch(() => null);
}

/** @param {string} id */
function removeLine(id) {
  lines.get(id)?.line.remove();
  lines.delete(id);
}

/** Shows the state of an upload wherever the file is listed. @param {import("./attachments.js").State} state */
function show({ id, ...state }) {
  const known = lines.get(id);
  if (known) known.refused = state.refused;
  for (const line of document.querySelectorAll(`[data-attachment="${id}"]`)) showState(line, state);
}

/** @param {Iterable<File>} files */
async function choose(files) {
  showProblem("");
  for (const file of files) {
    if (lines.size >= FILES_MAX) return showProblem(`A message has at most ${FILES_MAX} files.`);
    add(await attachments.add(channel, file));
  }
}

/** Shows the files of a message that is being sent. @param {Element} container @param {string[]} sent */
export async function showSent(container, sent) {
  const found = (await Promise.all(sent.map(attachments.find))).filter((one) => one !== undefined);
  const list = document.createElement("ul");
  list.className = "tray";
  for (const attachment of found) {
    const line = createLine(attachment);
    line.querySelector("button")?.remove();
    list.append(line);
  }
  container.replaceChildren(list);
}

/** Turns files that the server kept from a refused form into ordinary attachments. */
async function adopt() {
  for (const line of [...tray.querySelectorAll("li")]) {
    const id = line.querySelector("input")?.value;
    const name = line.querySelector("bdi")?.textContent ?? "";
    line.remove();
    if (id) await attachments.adopt(channel, name, id);
  }
}

/** Whether a drag carries files. @param {DataTransfer | null} data */
const hasFiles = (data) => Boolean(data?.types.includes("Files"));

function initDrops() {
  let depth = 0;
  /** @param {number} by */
  const changeDepth = (by) => {
    depth = Math.max(0, depth + by);
    talk.classList.toggle("dropping", depth > 0);
  };
  talk.addEventListener("dragenter", (event) => hasFiles(event.dataTransfer) && changeDepth(1));
  talk.addEventListener("dragleave", (event) => hasFiles(event.dataTransfer) && changeDepth(-1));
  talk.addEventListener("dragover", (event) => {
    if (hasFiles(event.dataTransfer)) event.preventDefault();
  });
  talk.addEventListener("drop", (event) => {
    changeDepth(-depth);
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    choose(files);
  });
}

/** Problems are reported to `onProblem`. @param {HTMLFormElement} form @param {(words: string) => void} onProblem */
export async function initTray(form, onProblem) {
  showProblem = onProblem;
  attachments.onState(show);
  for (const input of form.querySelectorAll("input")) {
    if (input.type !== "file") continue;
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      // Lets the same file be chosen again.
      input.value = "";
      choose(files);
    });
  }
  form.addEventListener("paste", (event) => {
    const { clipboardData } = event;
    // A table copied from a document comes as text and as a picture: the text is what is wanted.
    if (!clipboardData?.files.length || clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    choose(clipboardData.files);
  });
  initDrops();
  await adopt();
  for (const attachment of await attachments.chosen(channel)) add(attachment);
}
