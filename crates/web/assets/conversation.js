// The page of a conversation. Inserts live updates, announces them to screen readers, and maintains the line above the
// first unread message and the button to the newest.

import { connect, on } from "./live.js";
import { initTheme } from "./theme.js";
import { initTimes, localize } from "./times.js";
import { initChannelList } from "./channel_list.js";
import { initDetails } from "./details.js";
import { initShortcuts } from "./shortcuts.js";
import * as entries from "./entries.js";
import * as scroll from "./scroll.js";
import { initReading, isWatching, readPosition } from "./reading.js";
import { initReadReceipts } from "./read_receipts.js";
import { initHistory, noteNewest, isComplete } from "./history.js";
import { initComposer } from "./composer.js";
import { initSending } from "./sending.js";
import { initScrollPosition, restoreScrollPosition } from "./scroll_position.js";
import { initActions } from "./actions.js";
import { initTyping } from "./typing.js";
import { initDeliveryStatus } from "./delivery_status.js";
import { initViewport } from "./viewport.js";
import { regroup } from "./grouping.js";
import { initVirtualList, toNewest } from "./virtual_list.js";
import { setTitle } from "./unread.js";

const { channel, me } = entries;
const button = /** @type {HTMLButtonElement} */ (document.getElementById("newest"));
const announcements = document.getElementById("said");
/** Announcements kept for screen readers. */
const ANNOUNCED_MAX = 5;
/** Messages that arrived while the user was reading older ones. */
let waiting = 0;

function initConversation() {
  entries.all().forEach(regroup);
  openAtPosition().then(initReading);
  on("message", (sent) => {
    if (sent.channel === channel) receive(sent);
  });
  on("changed", (changed) => {
    if (changed.channel === channel && entries.find(changed.id)) entries.upsert(changed.id, changed.html);
  });
  on("channel", (info) => {
    if (info.channel === channel) retitle(info);
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
  initSending();
  initComposer();
  initReadReceipts();
  initHistory();
  initVirtualList();
  initScrollPosition();
  initActions();
  initTyping();
  initDeliveryStatus();
  initViewport();
}

/**
 * Scrolls to where the page should open: the end if the address asks for it, the saved position, a linked message, the
 * first unread message, or else the end.
 */
async function openAtPosition() {
  if (location.hash === "#newest") {
    history.replaceState(history.state, "", location.pathname);
    scroll.toEnd();
    return showButton();
  }
  if (await restoreScrollPosition()) return showButton();
  const linked = document.querySelector(".entry.linked") ?? document.querySelector(".message:target");
  const fresh = document.getElementById("new");
  const isAfter = new URLSearchParams(location.search).has("after");
  if (linked) scroll.scrollToEntry(linked);
  else if (isAfter) scroll.toBeginning();
  else if (fresh && scroll.isAbove(fresh)) scroll.scrollToEntry(fresh, "start");
  showButton();
}

/** @param {import("./live.js").Sent} sent */
function receive(sent) {
  const isOwn = sent.author === me;
  const wasAtEnd = scroll.isAtEnd();
  document.querySelector("[data-archived]")?.remove();
  if (!isComplete()) {
    noteNewest(sent.position);
    if (!isOwn) waiting += 1;
    return showButton();
  }
  const isFirstUnread = !isOwn && !isWatching() && entries.lastPosition() <= readPosition();
  if (!entries.upsert(sent.id, sent.html)) return;
  if (isOwn) return;
  if (isFirstUnread) entries.markFirstUnread(sent.id);
  if (wasAtEnd) scrollToNewest();
  else waiting += 1;
  showButton();
  announce(`${sent.name}: ${sent.preview}`);
}

/** Scrolls to the newest message, but not past the first unread one while nobody is watching. */
function scrollToNewest() {
  scroll.toEnd();
  const fresh = document.getElementById("new");
  if (fresh && !isWatching() && scroll.isAbove(fresh)) scroll.scrollToEntry(fresh, "start");
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
function announce(words) {
  const line = document.createElement("p");
  line.textContent = words;
  announcements?.append(line);
  while (announcements && announcements.children.length > ANNOUNCED_MAX)
    announcements.firstElementChild?.remove();
}

/** @param {import("./live.js").Channel} info */
function retitle(info) {
  // Client users see their own channel under the firm's name.
  if (info.kind === "client" && !document.body.hasAttribute("data-internal")) return;
  const brand = document.querySelector(".side .brand b")?.textContent ?? "";
  for (const element of document.querySelectorAll("[data-title]")) element.textContent = info.title;
  setTitle(`${info.title} · ${brand}`);
}

let refreshTimer = 0;

/** Reloads the page in the background and takes the list of members from it. */
function refreshPeople() {
  clearTimeout(refreshTimer);
  refreshTimer = window.setTimeout(async () => {
    const response = await fetch(`/messages/${channel}`, { headers: { accept: "text/html" } }).catch(
      () => null,
    );
    if (!response?.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
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

initTheme();
initTimes();
initChannelList();
initDetails();
initConversation();
initShortcuts();
connect();
