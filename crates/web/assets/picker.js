// The subject picker for a new channel, a combobox (ARIA Authoring Practices): one field with a grouped list. Arrows select
// an option, Enter shows a preview of the channel.

import { localize } from "./times.js";

/** Typing must pause for this long before a search starts, in milliseconds. */
const SEARCH_AFTER = 150;

const field = /** @type {HTMLInputElement} */ (document.getElementById("find"));
const found = document.getElementById("found");

const choices = () => /** @type {HTMLElement} */ (document.getElementById("choices"));

/** @returns {HTMLAnchorElement[]} */
const options = () =>
  [...choices().querySelectorAll("a[data-value]")].filter((link) => link instanceof HTMLAnchorElement);

/** @type {number} */
let active = -1;
let searchTimer = 0;
let newestRequest = 0;
/** The query that the current options belong to. */
let searchedFor = field?.value ?? "";

/** The value of the active option, if any. */
const activeValue = () => options()[active]?.dataset.value;

/**
 * Sets the ARIA roles of the options: a list box with a group for each kind.
 * @param {string} [chosen] the value of the option that was active before
 */
function setRoles(chosen) {
  const box = choices();
  const all = options();
  box.setAttribute("role", all.length ? "listbox" : "group");
  field.setAttribute("aria-expanded", String(all.length > 0));
  box.setAttribute("aria-label", "Client users, companies and projects");
  for (const group of box.querySelectorAll(".choices-group")) {
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", group.querySelector("h2")?.id ?? "");
    group.querySelector("h2")?.setAttribute("role", "presentation");
    const list = group.querySelector("ul");
    list?.setAttribute("role", "presentation");
    list?.removeAttribute("aria-labelledby");
  }
  all.forEach((option, index) => {
    option.id = `option-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.setAttribute("tabindex", "-1");
    option.parentElement?.setAttribute("role", "presentation");
  });
  activate(chosen ? all.findIndex((option) => option.dataset.value === chosen) : -1);
  if (found) found.textContent = all.length === 1 ? "1 found" : `${all.length} found`;
}

/** @param {number} index */
function activate(index) {
  const all = options();
  active = Math.max(-1, Math.min(index, all.length - 1));
  all.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
  const chosen = all[active];
  if (chosen) {
    field.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

/** @param {string} address @returns {Promise<Document | null>} */
async function load(address) {
  const response = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
  return response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

/** Loads the options for the text of the field. */
async function search() {
  clearTimeout(searchTimer);
  const request = (newestRequest += 1);
  const words = field.value;
  const page = await load(`${location.pathname}?${new URLSearchParams({ find: words })}`);
  const fresh = page?.getElementById("choices");
  if (!fresh || request !== newestRequest) return;
  searchedFor = words;
  const chosen = activeValue();
  choices().replaceWith(fresh);
  document.getElementById("chosen")?.replaceChildren();
  setRoles(chosen);
}

/** Chooses the active option or the first one, after searching for text that was just typed. */
async function submit() {
  if (field.value !== searchedFor) await search();
  const link = options()[Math.max(active, 0)];
  if (link && field.value === searchedFor) choose(link);
}

/** Shows a preview of the channel that an option stands for. @param {HTMLAnchorElement} link */
async function choose(link) {
  const page = await load(link.href);
  const fresh = page?.getElementById("chosen");
  if (!fresh) return location.assign(link.href);
  localize(fresh);
  document.getElementById("chosen")?.replaceWith(fresh);
  history.replaceState(null, "", link.href);
  fresh.scrollIntoView({ block: "nearest" });
  const next = fresh.querySelector(".primary, a, button");
  if (next instanceof HTMLElement) next.focus();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.isComposing) return;
  const link = options()[active];
  if (event.key === "ArrowDown") activate(active + 1);
  else if (event.key === "ArrowUp") activate(active - 1);
  else if (event.key === "Escape" && active >= 0) activate(-1);
  else if (event.key === "Enter" && link && field.value === searchedFor) choose(link);
  else return;
  event.preventDefault();
}

export function initPicker() {
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-controls", "choices");
  field.setAttribute("aria-autocomplete", "list");
  setRoles();
  field.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = window.setTimeout(search, SEARCH_AFTER);
  });
  field.addEventListener("keydown", onKey);
  field.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("#choices a[data-value]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(link);
  });
}
