// The page of a conversation, whose parts it brings to life: puts live updates in, says them to screen readers, keeps the line above what is new and the
// button to the newest.

import { connect, on } from "./live.js";
import { keepTheme } from "./theme.js";
import { keepLocal, localize } from "./times.js";
import { keepList } from "./channel_list.js";
import { keepDetails } from "./details.js";
import { keepKeys } from "./keys.js";
import * as entries from "./entries.js";
import * as scroll from "./scroll.js";
import { keepReading, isWatching, readPosition } from "./reading.js";
import { keepSeen } from "./seen.js";
import { keepFurther, expect, isComplete } from "./further.js";
import { keepComposer } from "./composer.js";
import { keepSending } from "./sending.js";
import { keepPlace, returnToPlace } from "./place.js";
import { keepActions } from "./actions.js";
import { keepTyping } from "./typing.js";
import { keepFates } from "./fates.js";
import { keepAbove } from "./viewport.js";
import { settle } from "./runs.js";
import { keepTrim, toNewest } from "./trimming.js";
import { entitle } from "./unread.js";

const { channel, me } = entries;
const button = /** @type {HTMLButtonElement} */ (document.getElementById("newest"));
const said = document.getElementById("said");
/** Messages kept for screen readers to say. */
const SAID_MOST = 5;
/** Messages that came while older ones were being read. */
let waiting = 0;

function converse() {
  entries.all().forEach(settle);
  begin().then(keepReading);
  on("message", (sent) => {
    if (sent.channel === channel) receive(sent);
  });
  on("changed", (changed) => {
    if (changed.channel === channel && entries.find(changed.id)) entries.place(changed.id, changed.html);
  });
  on("channel", (told) => {
    if (told.channel === channel) retitle(told);
  });
  on("gone", (gone) => {
    if (gone.channel === channel) location.replace("/messages");
  });
  on("members", (members) => {
    if (members.channel === channel) refreshPeople();
  });
  scroll.onScroll(showButton);
  button.addEventListener("click", () => {
    if (!isComplete()) return location.assign(`/messages/${channel}#newest`);
    toNewest();
    document.getElementById("text")?.focus();
  });
  keepSending();
  keepComposer();
  keepSeen();
  keepFurther();
  keepTrim();
  keepPlace();
  keepActions();
  keepTyping();
  keepFates();
  keepAbove();
}

/**
 * Where the page opens: at the end where its address asks for that, where it was left, at a linked message, at the first
 * unread one, or at the end.
 */
async function begin() {
  if (location.hash === "#newest") {
    history.replaceState(history.state, "", location.pathname);
    scroll.toEnd();
    return showButton();
  }
  if (await returnToPlace()) return showButton();
  const linked = document.querySelector(".entry.linked") ?? document.querySelector(".message:target");
  const fresh = document.getElementById("new");
  const isAfter = new URLSearchParams(location.search).has("after");
  if (linked) scroll.show(linked);
  else if (isAfter) scroll.toBeginning();
  else if (fresh && scroll.isAbove(fresh)) scroll.show(fresh, "start");
  showButton();
}

/** @param {import("./live.js").Sent} sent */
function receive(sent) {
  const isOwn = sent.author === me;
  const wasAtEnd = scroll.isAtEnd();
  document.querySelector("[data-archived]")?.remove();
  if (!isComplete()) {
    expect(sent.position);
    if (!isOwn) waiting += 1;
    return showButton();
  }
  const isFirstUnread = !isOwn && !isWatching() && entries.lastPosition() <= readPosition();
  if (!entries.place(sent.id, sent.html)) return;
  if (isOwn) return;
  if (isFirstUnread) entries.markFresh(sent.id);
  if (wasAtEnd) follow();
  else waiting += 1;
  showButton();
  say(`${sent.name}: ${sent.preview}`);
}

/** Goes on to the newest, but not past the first unread while nobody looks. */
function follow() {
  scroll.toEnd();
  const fresh = document.getElementById("new");
  if (fresh && !isWatching() && scroll.isAbove(fresh)) scroll.show(fresh, "start");
}

function showButton() {
  if (scroll.isAtEnd() && isComplete()) waiting = 0;
  button.hidden = scroll.isAtEnd() && isComplete();
  button.classList.toggle("waiting", waiting > 0);
  const count = button.querySelector("[data-count]");
  const words = button.querySelector("[data-words]");
  if (count) count.textContent = waiting ? String(waiting) : "";
  if (words) words.textContent = waiting ? " new, to the newest message" : "To the newest message";
}

/** @param {string} words */
function say(words) {
  const line = document.createElement("p");
  line.textContent = words;
  said?.append(line);
  while (said && said.children.length > SAID_MOST) said.firstElementChild?.remove();
}

/** @param {import("./live.js").Channel} told */
function retitle(told) {
  // A client user's own channel is called after the firm.
  if (told.kind === "client" && !document.body.hasAttribute("data-internal")) return;
  const brand = document.querySelector(".side .brand b")?.textContent ?? "";
  for (const element of document.querySelectorAll("[data-title]")) element.textContent = told.title;
  entitle(`${told.title} · ${brand}`);
}

let refreshing = 0;

/** Asks for the page again and takes from it who is here. */
function refreshPeople() {
  clearTimeout(refreshing);
  refreshing = window.setTimeout(async () => {
    const answer = await fetch(`/messages/${channel}`, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const selector of ["#members", "[data-readers]"]) {
      const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
      if (old && fresh) old.replaceWith(fresh);
    }
    document.querySelector("[data-added]")?.remove();
    const added = page.querySelector("[data-added]");
    if (added) document.querySelector("[data-readers]")?.closest(".readers")?.before(added);
    localize(document);
  }, 300);
}

keepTheme();
keepLocal();
keepList();
keepDetails();
converse();
keepKeys();
connect();
