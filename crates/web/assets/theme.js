// Light or dark theme per device. Stored in a cookie, so that the server renders the next page correctly from the start.

const root = document.documentElement;
/** The lifetime of the cookie, in seconds. */
const YEAR = 31_536_000;

/**
 * Stores a display preference of this device.
 * @param {string} name
 * @param {string} value empty to delete it
 */
export function storePreference(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? YEAR : 0}; SameSite=Lax${secure}`;
}

/** @param {string} theme "light", "dark" or "device" */
function choose(theme) {
  const isOwn = theme !== "device";
  if (isOwn) root.dataset.theme = theme;
  else delete root.dataset.theme;
  storePreference("theme", isOwn ? theme : "");
}

export function initTheme() {
  document.querySelector("[data-theme-toggle]")?.addEventListener("click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    choose(isDark ? "light" : "dark");
  });
  const choice = document.querySelector("[data-theme-choice]");
  const input = choice?.querySelector(`input[value="${root.dataset.theme ?? "device"}"]`);
  if (input instanceof HTMLInputElement) input.checked = true;
  choice?.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement) choose(target.value);
  });
}
