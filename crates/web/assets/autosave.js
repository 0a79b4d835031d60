// Forms that save themselves: each change is sent as it is made. The result is shown below the form, with a button to undo
// it.

/** @param {HTMLFormElement} form @param {string} words @param {boolean} isGood @param {string} [undo] form-encoded fields that restore the previous values */
function showResult(form, words, isGood, undo) {
  let line = form.querySelector("[data-saved]");
  if (!line) {
    line = document.createElement("p");
    line.setAttribute("data-saved", "");
    line.setAttribute("role", "status");
    form.append(line);
  }
  line.className = isGood ? "hint" : "error";
  line.textContent = words;
  if (!undo) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "Undo";
  button.addEventListener("click", () => revert(form, undo));
  line.append(" · ", button);
}

/** Posts fields to the form's action and shows the result. @param {HTMLFormElement} form @param {URLSearchParams} fields @param {boolean} isUndo */
async function send(form, fields, isUndo) {
  const response = await fetch(form.action, {
    method: "POST",
    headers: { accept: "application/json" },
    body: fields,
  }).catch(() => null);
  const body = await response?.json().catch(() => null);
  if (response?.ok) {
    showResult(form, isUndo ? "Undone" : "Saved", true, isUndo ? undefined : body?.undo);
    form.dispatchEvent(new Event("saved"));
  } else showResult(form, body?.message ?? "Not saved: there is no connection. Please try again.", false);
  return response?.ok ?? false;
}

/** What each form sent last. A button pressed right after a change would otherwise save the same values again, and undo would lose the previous ones. @type {WeakMap<HTMLFormElement, string>} */
const lastSent = new WeakMap();

/** @param {HTMLFormElement} form */
async function save(form) {
  if (!form.reportValidity()) return;
  const entries = /** @type {[string, string][]} */ (
    [...new FormData(form)].filter(([, value]) => typeof value === "string")
  );
  const fields = new URLSearchParams(entries);
  if (lastSent.get(form) === String(fields)) return;
  lastSent.set(form, String(fields));
  if (!(await send(form, fields, false))) lastSent.delete(form);
}

/** @param {HTMLFormElement} form @param {string} undo */
async function revert(form, undo) {
  const previous = new URLSearchParams(undo);
  lastSent.delete(form);
  if (!(await send(form, previous, true))) return;
  for (const field of form.elements) {
    const value = "name" in field ? previous.get(String(field.name)) : null;
    if (value === null) continue;
    if (field instanceof HTMLInputElement && /^(radio|checkbox)$/.test(field.type))
      field.checked = field.value === value;
    else if (
      field instanceof HTMLInputElement ||
      field instanceof HTMLTextAreaElement ||
      field instanceof HTMLSelectElement
    )
      field.value = value;
  }
}

export function initAutosave() {
  for (const form of document.querySelectorAll("form[data-save-at-once]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.addEventListener("change", () => save(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(form);
    });
  }
}
