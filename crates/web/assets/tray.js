// The files in the composer: chosen, dropped, pasted or taken with a phone's camera, on their way to the server while the
// message is still being written.

import * as attachments from "./attachments.js";
import { channel } from "./entries.js";

/** @typedef {import("./attachments.js").Attachment} Attachment */

/** As the server has it. */
const FILES_MOST = 20;

const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
const blank = /** @type {HTMLTemplateElement} */ (document.getElementById("attachment"));
const talk = /** @type {HTMLElement} */ (document.getElementById("main"));

/** What stands in the tray, by id. @type {Map<string, {line: HTMLElement, refused?: string}>} */
const lines = new Map();
/** Says what is wrong. @type {(words: string) => void} */
let say = () => {};

/** The attachments in the composer, in their order. */
export const ids = () => [...lines.keys()];

/** Whether one of them will not be taken. */
export const hasRefused = () => [...lines.values()].some(({ refused }) => refused);

/** They are sent now: nothing is left in the composer. */
export function empty() {
  for (const id of ids()) takeOut(id);
}

/** @param {number} bytes as people say it: the same words as the server's */
export function sizeOf(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let [amount, unit] = [bytes, 0];
  while (amount >= 999.5 && unit + 1 < units.length) {
    amount /= 1000;
    unit += 1;
  }
  if (bytes === 1) return "1 byte";
  return `${unit === 0 || amount >= 99.95 ? amount.toFixed(0) : amount.toFixed(1).replace(/\.0$/, "")} ${units[unit]}`;
}

/** Makes what stands for one: in the composer, or in a message on its way. @param {Attachment} attachment */
function lineFor({ id, name, size, isThere }) {
  const made = /** @type {DocumentFragment} */ (blank.content.cloneNode(true));
  const line = /** @type {HTMLElement} */ (made.firstElementChild);
  line.dataset.attachment = id;
  line.querySelector("bdi")?.append(name);
  line.querySelector("[data-size]")?.append(sizeOf(size));
  const bar = line.querySelector("progress");
  if (bar) {
    bar.max = Math.max(size, 1);
    bar.value = 0;
    bar.hidden = Boolean(isThere);
    bar.setAttribute("aria-label", `Sending ${name}`);
  }
  return line;
}

/** A picture is shown as it is, from the device. @param {HTMLElement} line @param {Attachment} attachment */
async function picture(line, { id, type }) {
  const image = line.querySelector("img");
  if (!image || !/^image\/(jpeg|png|gif|webp|avif)$/.test(type)) return;
  const bytes = await attachments.bytesOf(id);
  if (!bytes) return;
  const address = URL.createObjectURL(bytes);
  image.onload = () => {
    URL.revokeObjectURL(address);
    image.hidden = false;
    line.querySelector(".icon")?.remove();
  };
  image.onerror = () => URL.revokeObjectURL(address);
  image.src = address;
}

/** @param {Attachment} attachment */
function put(attachment) {
  const { id, name } = attachment;
  const line = lineFor(attachment);
  const button = /** @type {HTMLButtonElement} */ (line.querySelector("button"));
  button.setAttribute("aria-label", `Remove ${name}`);
  button.addEventListener("click", () => {
    takeOut(id);
    attachments.remove(id);
    say("");
  });
  lines.set(id, { line });
  tray.append(line);
  picture(line, attachment);
  // What is wrong is told as its state.
  attachments.bring(id).catch(() => null);
}

/** @param {string} id */
function takeOut(id) {
  lines.get(id)?.line.remove();
  lines.delete(id);
}

/** Shows how one is doing, wherever it stands. @param {import("./attachments.js").State} state */
function show({ id, bytes, isLost, isThere, refused }) {
  const known = lines.get(id);
  if (known) known.refused = refused;
  for (const line of document.querySelectorAll(`[data-attachment="${id}"]`)) {
    const bar = line.querySelector("progress");
    if (bar && bytes !== undefined) bar.value = bytes;
    if (bar) bar.hidden = Boolean(isThere || refused);
    line.classList.toggle("lost", Boolean(isLost));
    line.classList.toggle("refused", Boolean(refused));
    const why = line.querySelector("[data-state]");
    if (why) why.textContent = refused ?? (isLost ? "Waiting for a connection" : "");
  }
}

/** @param {Iterable<File>} files */
async function choose(files) {
  say("");
  for (const file of files) {
    if (lines.size >= FILES_MOST) return say(`A message has at most ${FILES_MOST} files.`);
    put(await attachments.add(channel, file));
  }
}

/** Shows the files of a message that is on its way. @param {Element} place @param {string[]} sent */
export async function showSent(place, sent) {
  const found = (await Promise.all(sent.map(attachments.find))).filter((one) => one !== undefined);
  const list = document.createElement("ul");
  list.className = "tray";
  for (const attachment of found) {
    const line = lineFor(attachment);
    line.querySelector("button")?.remove();
    picture(line, attachment);
    list.append(line);
  }
  place.replaceChildren(list);
}

/** What the server kept of a form that it could not take is an attachment like others. */
async function adopt() {
  for (const line of [...tray.querySelectorAll("li")]) {
    const id = line.querySelector("input")?.value;
    const name = line.querySelector("bdi")?.textContent ?? "";
    line.remove();
    if (id) await attachments.adopt(channel, name, id);
  }
}

/** Whether something brings files. @param {DataTransfer | null} data */
const brings = (data) => Boolean(data?.types.includes("Files"));

function takeDrops() {
  let depth = 0;
  /** @param {number} by */
  const over = (by) => {
    depth = Math.max(0, depth + by);
    talk.classList.toggle("dropping", depth > 0);
  };
  talk.addEventListener("dragenter", (event) => brings(event.dataTransfer) && over(1));
  talk.addEventListener("dragleave", (event) => brings(event.dataTransfer) && over(-1));
  talk.addEventListener("dragover", (event) => {
    if (brings(event.dataTransfer)) event.preventDefault();
  });
  talk.addEventListener("drop", (event) => {
    over(-depth);
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    event.preventDefault();
    choose(files);
  });
}

/** Keeps the tray; what is wrong is told by `tellProblem`. @param {HTMLFormElement} form @param {(words: string) => void} tellProblem */
export async function keepTray(form, tellProblem) {
  say = tellProblem;
  attachments.onState(show);
  for (const input of form.querySelectorAll("input")) {
    if (input.type !== "file") continue;
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      // The same file can be chosen again.
      input.value = "";
      choose(files);
    });
  }
  form.addEventListener("paste", (event) => {
    const { clipboardData } = event;
    // A table from a document comes as text and as a picture of it: then the text is meant.
    if (!clipboardData?.files.length || clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    choose(clipboardData.files);
  });
  takeDrops();
  await adopt();
  for (const attachment of await attachments.chosen(channel)) put(attachment);
}
