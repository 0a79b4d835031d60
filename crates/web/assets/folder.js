// Keeps an open folder as a reload would show it, and tracks the selection.

import { on } from "./live.js";
import { localize } from "./times.js";

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** Changes within this time cause one reload, in milliseconds. */
const LOAD_AFTER = 250;

const entries = () => /** @type {HTMLElement} */ (document.getElementById("entries"));
const ticks = () =>
  /** @type {NodeListOf<HTMLInputElement>} */ (entries().querySelectorAll(".files input[name=files]"));

let refreshTimer = 0;
/** Only the response to the newest request counts. */
let newestRequest = 0;

/** Reloads the contents of the folder soon. Keeps the selection. */
export function refresh() {
  clearTimeout(refreshTimer);
  refreshTimer = window.setTimeout(async () => {
    const request = (newestRequest += 1);
    // These parameters only announce what was just done.
    const address = new URL(location.href);
    for (const name of ["done", "deletion"]) address.searchParams.delete(name);
    const response = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    if (request !== newestRequest) return;
    // The folder was deleted, or this person has lost access.
    if (response?.status === 404) return location.assign(`/files/${main.dataset.channel}`);
    if (!response?.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("entries");
    if (!fresh || request !== newestRequest) return;
    const chosen = new Set([...ticks()].filter((tick) => tick.checked).map((tick) => tick.value));
    const focused = document.activeElement?.closest("[data-entry]")?.getAttribute("data-entry");
    const wanted = document.activeElement?.matches(".tick input")
      ? ".tick input"
      : document.activeElement?.matches(".edit")
        ? ".edit"
        : ".opens";
    localize(fresh);
    entries().replaceWith(fresh);
    for (const tick of ticks()) tick.checked = chosen.has(tick.value);
    if (focused) {
      const again = fresh.querySelector(`[data-entry="${focused}"] ${wanted}`);
      if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    }
    showChosen();
  }, LOAD_AFTER);
}

/** Shows how many files are selected and enables the actions for them. */
function showChosen() {
  const all = [...ticks()];
  const count = all.filter((tick) => tick.checked).length;
  const bar = document.getElementById("with-chosen");
  bar?.classList.toggle("idle", count === 0);
  for (const button of bar?.querySelectorAll("button") ?? []) button.disabled = count === 0;
  const words = document.getElementById("chosen-count");
  if (words) words.textContent = count ? `${count} chosen` : "";
  const every = document.getElementById("all");
  if (every instanceof HTMLInputElement) {
    every.checked = count > 0 && count === all.length;
    every.indeterminate = count > 0 && count < all.length;
  }
}

/** Closes a menu on a click elsewhere or Escape. */
function initMenus() {
  const close = (/** @type {Node | null} */ but) => {
    for (const menu of main.querySelectorAll("details.more[open]"))
      if (!but || !menu.contains(but)) menu.removeAttribute("open");
  };
  document.addEventListener("click", ({ target }) => close(target instanceof Node ? target : null));
  document.addEventListener("keydown", (event) => {
    const open = main.querySelector("details.more[open]");
    if (event.key !== "Escape" || !open) return;
    close(null);
    open.querySelector("summary")?.focus();
  });
  for (const menu of main.querySelectorAll("details.more")) {
    menu.addEventListener("toggle", () => {
      const field = menu.querySelector("input:not([type=hidden])");
      if (menu instanceof HTMLDetailsElement && menu.open && field instanceof HTMLElement) field.focus();
    });
  }
}

export function initFolder() {
  showChosen();
  initMenus();
  main.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (target.id === "all") for (const tick of ticks()) tick.checked = target.checked;
    if (target.id === "all" || target.name === "files") showChosen();
  });
  // The browser may restore other check marks when the page is shown again.
  window.addEventListener("pageshow", showChosen);
  on("file", ({ channel }) => {
    if (channel === main.dataset.channel) refresh();
  });
  on("gone", ({ channel }) => {
    if (channel === main.dataset.channel) location.assign("/files");
  });
}
