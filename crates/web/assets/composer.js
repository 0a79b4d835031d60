// Writing: Enter sends on a keyboard and breaks the line on a phone; what is typed is kept as a draft. It is never
// switched off.

import * as entries from "./entries.js";
import { drafts, keepDraft } from "./drafts.js";
import { send } from "./sending.js";
import * as tray from "./tray.js";
import { tellTyping, forgetTyping } from "./typing.js";
import { REMOVE_REFUSED } from "./waiting.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("composer"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const problem = document.getElementById("text-problem");
const banner = form?.querySelector("[data-editing]");
const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

/** The own message that is being edited. @type {string | null} */
let editing = null;
/** What stands in the composer while nothing is edited. */
let draft = "";

/** Says what is wrong below the composer, or nothing. @param {string} words */
function say(words) {
  if (problem) problem.textContent = words;
}

async function submit() {
  const written = text.value;
  const files = editing ? [] : tray.ids();
  if (!written.trim() && files.length === 0) return;
  if (files.length > 0 && tray.hasRefused()) return say(REMOVE_REFUSED);
  say("");
  if (editing) return save(editing, written);
  put("");
  tray.empty();
  draft = "";
  forgetTyping();
  await send(written.trim() ? written : "", files);
}

/** @param {string} words */
function put(words) {
  text.value = words;
  grow();
}

/** Browsers without `field-sizing` get the height from here. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** @param {string} id @param {string} written */
async function save(id, written) {
  const answer = await fetch(`/messages/${entries.channel}/messages/${id}/edit`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ text: written }),
  }).catch(() => null);
  if (!answer) return say("No connection: not saved yet. Please try again.");
  const said = await answer.json().catch(() => null);
  if (!answer.ok) return say(said?.message ?? "This could not be saved.");
  entries.place(id, said.html);
  stopEditing();
}

/** Puts an own message into the composer to change it. @param {string} id */
export async function edit(id) {
  const answer = await fetch(`/messages/${entries.channel}/messages/${id}/edit`, {
    headers: { accept: "application/json" },
  }).catch(() => null);
  if (!answer?.ok) return say("This message cannot be edited just now.");
  const said = await answer.json();
  editing = id;
  banner?.removeAttribute("hidden");
  put(said.text);
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

function stopEditing() {
  editing = null;
  banner?.setAttribute("hidden", "");
  say("");
  put(draft);
  text.focus();
}

/** The newest own message that can still be changed. */
function lastOwn() {
  for (const entry of entries.backwards()) if (entry.querySelector(":scope > .actions")) return entries.idOf(entry);
  return null;
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey && !event.altKey && (!isTouch.matches || event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    submit();
  } else if (event.key === "ArrowUp" && text.value === "" && !editing) {
    const id = lastOwn();
    if (!id) return;
    event.preventDefault();
    edit(id);
  } else if (event.key === "Escape" && editing) {
    event.preventDefault();
    stopEditing();
  }
}

/** Puts the draft in, where nothing stands there yet: neither what the server gave back, nor what is being typed. */
async function bringDraft() {
  const kept = (await drafts()).get(entries.channel);
  if (!kept || text.value || editing || draft) return;
  draft = kept;
  put(kept);
}

export function keepComposer() {
  if (!form) return;
  grow();
  bringDraft();
  tray.keepTray(form, say);
  text.setAttribute("enterkeyhint", isTouch.matches ? "enter" : "send");
  if (!isTouch.matches && !location.hash) text.focus({ preventScroll: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  // A tap on the button must not close the keyboard.
  form.querySelector(".send")?.addEventListener("pointerdown", (event) => event.preventDefault());
  form.querySelector("[data-stop]")?.addEventListener("click", stopEditing);
  text.addEventListener("keydown", key);
  text.addEventListener("input", () => {
    grow();
    say("");
    if (editing) return;
    keep();
    if (text.value.trim()) tellTyping();
  });
  // On a slow phone somebody writes before this runs.
  if (text.value) keep();
}

/** Keeps what is being written as the draft. */
function keep() {
  draft = text.value;
  keepDraft(entries.channel, draft);
}
