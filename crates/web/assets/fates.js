// What becomes of messages outside the portal, for internal users: asked for again when something here changed, a notice
// left or failed, and now and then, as time alone changes it too. Sending now and calling off leave the page where it is.

import { on } from "./live.js";
import * as entries from "./entries.js";
import { keeping } from "./scroll.js";
import { localize } from "./times.js";

/** What changes within this time is asked for once, in milliseconds. */
const ASK_AFTER = 700;
/** How often it is looked at without a reason, in milliseconds. */
const ASK_EVERY = 30_000;
/** What is due leaves within about this time, in milliseconds. */
const LEAVES_WITHIN = 3_000;

let asking = 0;
let planned = 0;

function ask() {
  asking ||= window.setTimeout(refresh, ASK_AFTER);
}

async function refresh() {
  asking = 0;
  const answer = await fetch(`/messages/${entries.channel}/older`, { headers: { accept: "text/html" } }).catch(() => null);
  if (answer?.ok) show(await answer.text());
  plan();
}

/** Looks again when the next that is due has left. */
function plan() {
  clearTimeout(planned);
  const due = [...document.querySelectorAll("[data-due]")].map((line) => {
    const time = line.querySelector("time");
    return time ? new Date(time.dateTime).getTime() - Date.now() : 0;
  });
  const next = Math.min(ASK_EVERY, ...due.map((left) => Math.max(left, 0) + LEAVES_WITHIN));
  planned = window.setTimeout(() => (document.visibilityState === "visible" ? ask() : plan()), next);
}

/** @param {string} html */
function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  localize(template.content);
  keeping(() => {
    for (const message of template.content.querySelectorAll(".entry > .message")) {
      const entry = entries.find(message instanceof HTMLElement ? message.dataset.id ?? "" : "");
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
async function act(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.closest("[data-fates]")) return;
  event.preventDefault();
  const fields = /** @type {[string, string][]} */ ([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  }).catch(() => null);
  // Without a connection nothing happened: the buttons are still there.
  if (answer) ask();
}

export function keepFates() {
  if (!document.body.hasAttribute("data-internal")) return;
  for (const kind of /** @type {const} */ (["message", "changed", "read", "notice"])) {
    on(kind, (told) => {
      if (told.channel === entries.channel) ask();
    });
  }
  on("up", ask);
  document.addEventListener("submit", act);
  plan();
}
