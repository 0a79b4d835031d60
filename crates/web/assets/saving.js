// Forms that are saved at once: each change is sent as it is made, and what came of it is said below the form.

/** @param {HTMLFormElement} form @param {string} words @param {boolean} isGood */
function say(form, words, isGood) {
  let line = form.querySelector("[data-saved]");
  if (!line) {
    line = document.createElement("p");
    line.setAttribute("data-saved", "");
    line.setAttribute("role", "status");
    form.append(line);
  }
  line.className = isGood ? "hint" : "error";
  line.textContent = words;
}

/** @param {HTMLFormElement} form */
async function save(form) {
  if (!form.reportValidity()) return;
  const fields = /** @type {[string, string][]} */ ([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  }).catch(() => null);
  if (answer?.ok) return say(form, "Saved", true);
  const said = await answer?.json().catch(() => null);
  say(form, said?.message ?? "Not saved: there is no connection. Please try again.", false);
}

export function keepSaved() {
  for (const form of document.querySelectorAll("form[data-save-at-once]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.addEventListener("change", () => save(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(form);
    });
  }
}
