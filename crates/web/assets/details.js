// The details: a column that can be closed on wide screens, an address of its own (#details) elsewhere.

import { storePreference } from "./theme.js";

const wide = matchMedia("(min-width: 1100px)");
const root = document.documentElement;
const opener = document.querySelector("[data-details]");

function updateOpener() {
  const isOpen = wide.matches ? !root.classList.contains("details-closed") : location.hash === "#details";
  opener?.setAttribute("aria-expanded", String(isOpen));
}

/** @param {boolean} isClosed */
function close(isClosed) {
  root.classList.toggle("details-closed", isClosed);
  storePreference("details", isClosed ? "closed" : "");
  updateOpener();
}

let cameHere = false;

/** Closes the details where they cover the conversation. */
function leave() {
  if (cameHere) history.back();
  else location.replace("#main");
}

export function initDetails() {
  opener?.setAttribute("role", "button");
  opener?.setAttribute("aria-controls", "details");
  updateOpener();
  opener?.addEventListener("click", (event) => {
    if (!wide.matches) {
      cameHere = true;
      return;
    }
    event.preventDefault();
    close(!root.classList.contains("details-closed"));
  });
  document.querySelector("[data-close-details]")?.addEventListener("click", (event) => {
    event.preventDefault();
    if (wide.matches) close(true);
    else leave();
  });
  window.addEventListener("hashchange", () => {
    if (location.hash === "#details") document.getElementById("details")?.focus();
    else cameHere = false;
    updateOpener();
  });
  wide.addEventListener("change", updateOpener);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !wide.matches && location.hash === "#details") leave();
  });
}
