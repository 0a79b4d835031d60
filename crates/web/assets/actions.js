// Actions on a message: editing and deleting your own. On a phone a tap shows the time and the actions.

import * as entries from "./entries.js";
import { edit } from "./composer.js";
import { preserveScroll } from "./scroll.js";

const list = /** @type {HTMLElement} */ (document.getElementById("entries"));
/** The second press that confirms a deletion must come within this time, in milliseconds. */
const SURE_WITHIN = 4000;

/** @param {HTMLElement} button @param {string} id */
async function remove(button, id) {
  if (!button.classList.contains("sure")) {
    const plain = button.innerHTML;
    const reset = () => {
      button.classList.remove("sure");
      button.innerHTML = plain;
      button.setAttribute("aria-label", "Delete message");
    };
    button.classList.add("sure");
    button.textContent = "Delete for everyone?";
    button.removeAttribute("aria-label");
    setTimeout(reset, SURE_WITHIN);
    return;
  }
  const response = await fetch(`/messages/${entries.channel}/messages/${id}/delete`, {
    method: "POST",
    headers: { accept: "application/json" },
  }).catch(() => null);
  const body = await response?.json().catch(() => null);
  if (response?.ok) entries.upsert(id, body.html);
  else button.textContent = body?.message ?? "No connection. Try again?";
}

export function initActions() {
  list.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const entry = target?.closest(".entry");
    if (!target || !entry) return;
    const id = entries.idOf(entry);
    const button = target.closest("[data-delete]");
    if (target.closest("[data-edit]")) {
      event.preventDefault();
      entry.classList.remove("shown");
      edit(id);
    } else if (button instanceof HTMLElement) {
      event.preventDefault();
      remove(button, id);
    } else if (target.closest(".say") && !target.closest("a")) {
      const isShown = entry.classList.contains("shown");
      preserveScroll(() => {
        list.querySelectorAll(".shown").forEach((other) => other.classList.remove("shown"));
        entry.classList.toggle("shown", !isShown);
      });
    }
  });
}
