// The composer. Enter sends on a desktop and breaks the line on a phone; what is typed is saved as a draft. The composer is
// never disabled.

import * as entries from "./entries.js";
import { drafts, saveDraft } from "./drafts.js";
import { send } from "./sending.js";
import * as tray from "./attachment_tray.js";
import { announceTyping, resetTyping } from "./typing.js";
import { REMOVE_REFUSED } from "./file_line.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("composer"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const problem = document.getElementById("text-problem");
const banner = form?.querySelector("[data-editing]");
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

/** The id of the message that is being edited. @type {string | null} */
let editing = null;
/** The text of the composer outside of editing. */
let draft = "";

/** Shows a problem below the composer; an empty string clears it. @param {string} words */
function showProblem(words) {
  if (problem) problem.textContent = words;
}

async function submit() {
  const content = text.value;
  const files = editing ? [] : tray.ids();
  if (!content.trim() && files.length === 0) return;
  if (files.length > 0 && tray.hasRefused()) return showProblem(REMOVE_REFUSED);
  showProblem("");
  if (editing) return save(editing, content);
  setText("");
  tray.empty();
  draft = "";
  resetTyping();
  await send(content.trim() ? content : "", files);
}

/** @param {string} words */
function setText(words) {
  text.value = words;
  grow();
}

/** Sets the height in browsers without `field-sizing`. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** @param {string} id @param {string} content */
async function save(id, content) {
  const response = await fetch(`/messages/${entries.channel}/messages/${id}/edit`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ text: content }),
  }).catch(() => null);
  if (!response) return showProblem("No connection: not saved yet. Please try again.");
  const body = await response.json().catch(() => null);
  if (!response.ok) return showProblem(body?.message ?? "This could not be saved.");
  entries.upsert(id, body.html);
  stopEditing();
}

/** Loads one of the user's messages into the composer for editing. @param {string} id */
export async function edit(id) {
  const response = await fetch(`/messages/${entries.channel}/messages/${id}/edit`, {
    headers: { accept: "application/json" },
  }).catch(() => null);
  if (!response?.ok) return showProblem("This message cannot be edited just now.");
  const body = await response.json();
  editing = id;
  banner?.removeAttribute("hidden");
  setText(body.text);
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

function stopEditing() {
  editing = null;
  banner?.setAttribute("hidden", "");
  showProblem("");
  setText(draft);
  text.focus();
}

/** The id of the user's newest message that can still be edited. */
function lastEditable() {
  for (const entry of entries.backwards())
    if (entry.querySelector(":scope > .actions")) return entries.idOf(entry);
  return null;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.isComposing) return;
  if (
    event.key === "Enter" &&
    !event.shiftKey &&
    !event.altKey &&
    (!isTouch.matches || event.ctrlKey || event.metaKey)
  ) {
    event.preventDefault();
    submit();
  } else if (event.key === "ArrowUp" && text.value === "" && !editing) {
    const id = lastEditable();
    if (!id) return;
    event.preventDefault();
    edit(id);
  } else if (event.key === "Escape" && editing) {
    event.preventDefault();
    stopEditing();
  }
}

/** Restores the draft unless the composer already has text, returned by the server or just typed. */
async function restoreDraft() {
  const stored = (await drafts()).get(entries.channel);
  if (!stored || text.value || editing || draft) return;
  draft = stored;
  setText(stored);
}

export function initComposer() {
  if (!form) return;
  grow();
  restoreDraft();
  tray.initTray(form, showProblem);
  text.setAttribute("enterkeyhint", isTouch.matches ? "enter" : "send");
  if (!isTouch.matches && !location.hash) text.focus({ preventScroll: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  // A tap on the button must not close the on-screen keyboard.
  form.querySelector(".send")?.addEventListener("pointerdown", (event) => event.preventDefault());
  form.querySelector("[data-stop]")?.addEventListener("click", stopEditing);
  text.addEventListener("keydown", onKey);
  text.addEventListener("input", () => {
    grow();
    showProblem("");
    if (editing) return;
    storeDraft();
    if (text.value.trim()) announceTyping();
  });
  // On a slow phone people type before this script runs.
  if (text.value) storeDraft();
}

/** Saves the current text as the draft. */
function storeDraft() {
  draft = text.value;
  saveDraft(entries.channel, draft);
}
