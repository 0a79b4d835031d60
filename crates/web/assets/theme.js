// What the first paint depends on: light or dark, and whether the details are closed. The only script that is not a
// module. Both choices are this device's own.

(() => {
  const root = document.documentElement;
  root.classList.add("scripts");

  const stored = () => {
    const choice = document.cookie.match(/(?:^|; )theme=(light|dark)/);
    return choice?.[1] ?? "device";
  };

  /** @param {string} choice "light", "dark" or "device" */
  const show = (choice) => {
    if (choice === "device") delete root.dataset.theme;
    else root.dataset.theme = choice;
  };

  /** @param {string} choice "light", "dark" or "device" */
  const keep = (choice) => {
    const age = choice === "device" ? 0 : 31536000;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
    show(choice);
  };

  show(stored());
  try {
    if (localStorage.getItem("details") === "closed") root.classList.add("details-closed");
  } catch {
    // A browser may refuse storage: then nothing is remembered.
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target?.closest("[data-theme-toggle]")) return;
    const isDark = getComputedStyle(root).colorScheme === "dark" ||
      (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    keep(isDark ? "light" : "dark");
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.name === "theme") keep(input.value);
  });
  document.addEventListener("DOMContentLoaded", () => {
    const input = document.querySelector(`[data-theme-choice] input[value="${stored()}"]`);
    if (input instanceof HTMLInputElement) input.checked = true;
  });
})();
