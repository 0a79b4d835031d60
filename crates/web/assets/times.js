// Times in the reader's own language and time zone. `<time datetime data-form>`: "clock" 16:20, "short" for lists,
// "day" for separators, "now" a running clock, of the zone in data-zone where there is one.

const own = document.documentElement.dataset.timeZone;
/** How often the times on a page are updated, in milliseconds. */
const UPDATE_EVERY = 20_000;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {Date} date
 * @param {Intl.DateTimeFormatOptions} options
 * @param {string} [zone]
 */
function format(date, options, zone = own) {
  const key = JSON.stringify([zone, options]);
  let cached = formats.get(key);
  if (!cached) {
    try {
      cached = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
    } catch {
      // The browser does not know this time zone.
      cached = new Intl.DateTimeFormat(undefined, options);
    }
    formats.set(key, cached);
  }
  return cached.format(date);
}

/** A key that all times of one day share. @param {Date} date */
export const dayKey = (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" });

/** How many calendar days ago a time was, at most 7. @param {Date} date @param {Date} now */
function daysAgo(date, now) {
  for (let days = 0; days < 7; days += 1) {
    if (dayKey(new Date(now.getTime() - days * 86_400_000)) === dayKey(date)) return days;
  }
  return 7;
}

/** @param {number} days */
function dayWord(days) {
  const word = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-days, "day");
  return word.charAt(0).toLocaleUpperCase() + word.slice(1);
}

/** @param {Date} date @param {Date} now */
const isThisYear = (date, now) => format(date, { year: "numeric" }) === format(now, { year: "numeric" });

/** @param {Date} date @param {string} [zone] */
export const clock = (date, zone) => format(date, { timeStyle: "short" }, zone);

/** @param {Date} date */
export function short(date, now = new Date()) {
  const days = daysAgo(date, now);
  if (days === 0) return clock(date);
  if (days === 1) return dayWord(1);
  if (days < 7) return format(date, { weekday: "short" });
  return format(date, {
    day: "numeric",
    month: "short",
    year: isThisYear(date, now) ? undefined : "numeric",
  });
}

/** @param {Date} date */
export function day(date, now = new Date()) {
  const days = daysAgo(date, now);
  if (days < 2) return dayWord(days);
  return format(date, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: isThisYear(date, now) ? undefined : "numeric",
  });
}

/** @param {HTMLTimeElement} element */
function show(element) {
  const form = element.dataset.form;
  const date = form === "now" ? new Date() : new Date(element.dateTime);
  if (!form || Number.isNaN(date.getTime())) return;
  const words =
    form === "now"
      ? clock(date, element.dataset.zone)
      : form === "day"
        ? day(date)
        : form === "short"
          ? short(date)
          : clock(date);
  if (element.textContent !== words) element.textContent = words;
  if (form === "day") element.dataset.long = format(date, { dateStyle: "full" });
  if (form !== "now") element.title = format(date, { dateStyle: "full", timeStyle: "short" });
  element.dataset.shown = "";
}

/** Formats every time in `root` for the reader. @param {ParentNode} root */
export function localize(root) {
  for (const element of root.querySelectorAll("time[data-form]")) {
    if (element instanceof HTMLTimeElement) show(element);
  }
}

/** Formats the times of the page and keeps them up to date. */
export function initTimes() {
  localize(document);
  let today = dayKey(new Date());
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-form=now]")) {
      if (element instanceof HTMLTimeElement) show(element);
    }
    if (dayKey(new Date()) === today) return;
    today = dayKey(new Date());
    localize(document);
  }, UPDATE_EVERY);
}
