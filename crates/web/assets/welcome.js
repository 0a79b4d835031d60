// The editor of a welcome message: inserts merge fields at the cursor, and shows a preview as a client will see it on a phone,
// rendered by the server from the same template as the real message.

/** Delay after the last keystroke before the preview is updated, in milliseconds. */
const PAUSE = 250;

/** @param {HTMLTextAreaElement} text @param {string} field */
function insertField(text, field) {
  text.focus();
  text.setRangeText(field, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} text */
function initPreview(form, text) {
  const sender = document.getElementById("senderId");
  const problem = form.querySelector("[data-template-problem]");
  /** The newest request; responses to earlier ones are ignored. */
  let newestRequest = 0;
  /** @type {number | undefined} */
  let previewTimer;

  async function show() {
    const request = ++newestRequest;
    const query = new URLSearchParams({ text: text.value });
    if (sender instanceof HTMLSelectElement) query.set("senderId", sender.value);
    const response = await fetch(form.dataset.template ?? "", {
      method: "POST",
      headers: { accept: "application/json" },
      body: query,
    }).catch(() => null);
    const body = response && !response.ok ? await response.json().catch(() => null) : null;
    const html = response?.ok ? await response.text() : "";
    if (request !== newestRequest || !response) return;
    if (problem) problem.textContent = body?.message ?? "";
    text.toggleAttribute("aria-invalid", Boolean(body));
    if (html)
      document
        .querySelector("[data-template-phone]")
        ?.replaceWith(document.createRange().createContextualFragment(html));
  }

  function showSoon() {
    clearTimeout(previewTimer);
    previewTimer = setTimeout(show, PAUSE);
  }

  text.addEventListener("input", showSoon);
  form.addEventListener("saved", showSoon);
  sender?.addEventListener("change", showSoon);
}

for (const form of document.querySelectorAll("form[data-template]")) {
  const text = form.querySelector("[data-template-text]");
  if (!(form instanceof HTMLFormElement) || !(text instanceof HTMLTextAreaElement)) continue;
  initPreview(form, text);
  form.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-merge]") : null;
    if (button instanceof HTMLElement) insertField(text, button.dataset.merge ?? "");
  });
}
