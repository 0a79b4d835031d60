// The delivery status of messages outside the portal, shown to internal users. It is refreshed when something changes here,
// when a notice was sent or failed, and periodically, because it also changes with time. Sending now and calling off do not
// reload the page.

import { on } from "./live.js";
import * as entries from "./entries.js";
import { preserveScroll } from "./scroll.js";
import { localize } from "./times.js";

/** Changes within this time cause one refresh, in milliseconds. */
const REFRESH_AFTER = 700;
/** The longest time between two refreshes, in milliseconds. */
const REFRESH_EVERY = 30_000;
/** A due notice is usually sent within this time, in milliseconds. */
const SENT_WITHIN = 3_000;

let refreshTimer = 0;
let planTimer = 0;

function refreshSoon() {
  refreshTimer ||= window.setTimeout(refresh, REFRESH_AFTER);
}

async function refresh() {
  refreshTimer = 0;
  const response = await fetch(`/messages/${entries.channel}/older`, {
    headers: { accept: "text/html" },
  }).catch(() => null);
  if (response?.ok) show(await response.text());
  plan();
}

/** Schedules a refresh for when the next due notice should have been sent. */
function plan() {
  clearTimeout(planTimer);
  const due = [...document.querySelectorAll("[data-due]")].map((line) => {
    const time = line.querySelector("time");
    return time ? new Date(time.dateTime).getTime() - Date.now() : 0;
  });
  const next = Math.min(REFRESH_EVERY, ...due.map((left) => Math.max(left, 0) + SENT_WITHIN));
  planTimer = window.setTimeout(
    () => (document.visibilityState === "visible" ? refreshSoon() : plan()),
    next,
  );
}

/** @param {string} html */
function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  localize(template.content);
  preserveScroll(() => {
    for (const message of template.content.querySelectorAll(".entry > .message")) {
      const entry = entries.find(message instanceof HTMLElement ? (message.dataset.id ?? "") : "");
      const old = entry?.querySelector(":scope > .fates");
      const fresh = message.parentElement?.querySelector(":scope > .fates");
      if (old && fresh) {
        if (old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
      } else if (old) old.remove();
      else if (fresh && entry) entry.append(fresh);
    }
  });
}

/** @param {SubmitEvent} event */
async function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.closest("[data-fates]")) return;
  event.preventDefault();
  const fields = /** @type {[string, string][]} */ (
    [...new FormData(form)].filter(([, value]) => typeof value === "string")
  );
  const response = await fetch(form.action, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  }).catch(() => null);
  // Without a connection nothing has happened, and the buttons are still there.
  if (response) refreshSoon();
}

export function initDeliveryStatus() {
  if (!document.body.hasAttribute("data-internal")) return;
  for (const kind of /** @type {const} */ (["message", "changed", "read", "notice"])) {
    on(kind, (event) => {
      if (event.channel === entries.channel) refreshSoon();
    });
  }
  on("up", refreshSoon);
  document.addEventListener("submit", onSubmit);
  plan();
}
