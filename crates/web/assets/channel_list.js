// Keeps the list of channels as a reload would show it: order, preview, time, unread count and drafts; in Files, what was
// added last.

import { on } from "./live.js";
import { localize } from "./times.js";
import { refreshCounts, addToCount, initUnreadCount, onCounts, showCount } from "./unread.js";
import { drafts } from "./drafts.js";

const me = document.body.dataset.me;
const section = /** @type {HTMLElement} */ (document.querySelector(".list"));
const open = document.getElementById("main")?.dataset.channel;
/** The path of the module that the list belongs to. */
const base = section.dataset.base ?? "/messages";
const isFiles = base === "/files";
const findField = section.querySelector("input[type=search]");
/** Typing must pause for this long before a search starts, in milliseconds. */
const SEARCH_AFTER = 180;

const rows = () => /** @type {HTMLElement} */ (document.getElementById("rows"));

/** @param {string} channel @returns {HTMLElement | null} */
const rowOf = (channel) => rows().querySelector(`li[data-channel="${channel}"]`);

/** @param {Element} row */
const unreadOf = (row) => Number(row.querySelector(".badge:not([hidden]) [data-count]")?.textContent ?? 0);

/** @param {Element} row @param {number} unread */
function setUnread(row, unread) {
  const badge = row.querySelector(".badge");
  const figure = row.querySelector("[data-count]");
  if (figure) figure.textContent = String(unread);
  badge?.toggleAttribute("hidden", unread === 0);
  row.classList.toggle("unread", unread > 0);
}

/** @param {HTMLElement} row @param {string} author @param {string} name @param {string} preview */
function setPreview(row, author, name, preview) {
  const line = row.querySelector(".preview");
  if (!line) return;
  const from = author === me ? "You" : author === row.dataset.subject ? "" : name.split(" ")[0];
  line.textContent = from ? `${from}: ${preview}` : preview;
  row.dataset.author = author;
  row.dataset.from = name;
}

/** Marks channels with a draft, except the open one, whose draft is in the composer. */
async function showDrafts() {
  if (isFiles) return;
  const stored = await drafts();
  for (const row of rows().querySelectorAll("li[data-channel]")) {
    if (!(row instanceof HTMLElement) || row.dataset.channel === open) continue;
    const draft = stored.get(row.dataset.channel ?? "");
    const line = row.querySelector(".preview");
    if (!draft || !line) continue;
    const mark = document.createElement("span");
    mark.className = "draft";
    mark.textContent = "Draft: ";
    line.replaceChildren(mark, draft.slice(0, 140));
  }
}

let reloadTimer = 0;
/** Only the response to the newest request counts. */
let newestRequest = 0;

/** Reloads the rows for the current filter and search. @param {number} after delay in milliseconds */
function reload(after = 300) {
  clearTimeout(reloadTimer);
  reloadTimer = window.setTimeout(async () => {
    const request = (newestRequest += 1);
    const filter = section.querySelector(".pick [aria-current]")?.getAttribute("data-filter") ?? "all";
    const find = findField instanceof HTMLInputElement ? findField.value : "";
    const address = `${base}?${new URLSearchParams({ filter, find })}`;
    const response = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    if (!response?.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("rows");
    if (!fresh || request !== newestRequest) return;
    localize(fresh);
    const offset = rows().scrollTop;
    rows().replaceWith(fresh);
    fresh.scrollTop = offset;
    if (open) rowOf(open)?.querySelector("a")?.setAttribute("aria-current", "page");
    showDrafts();
  }, after);
}

/** @param {import("./live.js").Sent} sent */
function receive(sent) {
  const row = rowOf(sent.channel);
  const isOwn = sent.author === me;
  if (!row) {
    reload();
    if (!isOwn) refreshCounts();
    return;
  }
  if (Number(row.dataset.last) >= sent.position) return;
  row.dataset.last = String(sent.position);
  setPreview(row, sent.author, sent.name, sent.preview);
  const time = row.querySelector("time");
  if (time) {
    time.dateTime = sent.at;
    time.dataset.form = "short";
    localize(row);
  }
  if (!isOwn) {
    setUnread(row, unreadOf(row) + 1);
    if (!row.classList.contains("muted")) addToCount(1);
  }
  row.parentElement?.prepend(row);
  if (sent.channel === open) row.scrollIntoView({ block: "nearest" });
}

/** @param {import("./live.js").Changed} changed */
function applyChange(changed) {
  const row = rowOf(changed.channel);
  if (!row) return;
  if (Number(row.dataset.last) === changed.position) {
    if (row.dataset.author) setPreview(row, row.dataset.author, row.dataset.from ?? "", changed.preview);
    else reload();
  }
  if (unreadOf(row) > 0) refreshCounts();
}

/** @param {import("./live.js").Read} read */
function applyRead(read) {
  if (read.person !== me) return;
  const row = rowOf(read.channel);
  if (!row || Number(row.dataset.last) > read.position) return refreshCounts();
  if (!row.classList.contains("muted")) addToCount(-unreadOf(row));
  setUnread(row, 0);
}

/** @param {import("./live.js").Channel} info */
function retitle(info) {
  const name = rowOf(info.channel)?.querySelector(".name");
  if (!name || info.archived) return reload();
  if (info.kind !== "client" || document.body.hasAttribute("data-internal")) name.textContent = info.title;
}

/** Scrolls the selected filter into view where not all of them fit. */
function showFilter() {
  section.querySelector(".pick [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** Lets filters and search work without leaving the page. */
function initFilters() {
  showFilter();
  section.querySelector(".pick")?.addEventListener("click", (event) => {
    const chip = event.target instanceof Element ? event.target.closest("[data-filter]") : null;
    if (!chip) return;
    event.preventDefault();
    section.querySelector(".pick [aria-current]")?.removeAttribute("aria-current");
    chip.setAttribute("aria-current", "true");
    showFilter();
    if (document.body.classList.contains("at-list"))
      history.replaceState(null, "", chip.getAttribute("href"));
    reload(0);
  });
  if (!(findField instanceof HTMLInputElement)) return;
  findField.addEventListener("input", () => reload(SEARCH_AFTER));
  findField.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = rows().querySelector("a");
    if (findField.value && first instanceof HTMLAnchorElement) first.click();
  });
  findField.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    rows().querySelector("a")?.focus();
  });
}

/** Keeps the scroll position of the list when a channel is opened. */
function initListScroll() {
  const offset = Number(sessionStorage.getItem(`list ${base}`));
  if (offset) rows().scrollTop = offset;
  rows().querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  window.addEventListener("pagehide", () => sessionStorage.setItem(`list ${base}`, String(rows().scrollTop)));
}

export function initChannelList() {
  initFilters();
  initListScroll();
  on("channel", retitle);
  on("members", ({ joined }) => {
    if (joined.some(({ person }) => person === me)) reload();
  });
  on("gone", ({ channel }) => rowOf(channel)?.remove());
  if (isFiles) {
    initUnreadCount();
    on("file", () => reload());
    return;
  }
  showCount();
  showDrafts();
  on("message", receive);
  on("changed", applyChange);
  on("read", applyRead);
  on("gone", refreshCounts);
  onCounts(({ channels }) => {
    for (const row of rows().querySelectorAll("li[data-channel]")) {
      if (!(row instanceof HTMLElement)) continue;
      setUnread(row, channels.find(({ id }) => id === row.dataset.channel)?.unread ?? 0);
    }
  });
}
