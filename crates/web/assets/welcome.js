// The text of a welcome message while it is written: merge fields put in where one writes, and the message as a client finds
// it on a phone, made by the server from the same template as the real one.

/** How long after the last key the preview is made anew, in milliseconds. */
const PAUSE = 250;

/** @param {HTMLTextAreaElement} text @param {string} field */
function put(text, field) {
  text.focus();
  text.setRangeText(field, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} text */
function keepPreview(form, text) {
  const sender = document.getElementById("senderId");
  const problem = form.querySelector("[data-template-problem]");
  /** The newest question: answers to earlier ones come too late. */
  let newest = 0;
  /** @type {number | undefined} */
  let waiting;

  async function show() {
    const mine = ++newest;
    const asked = new URLSearchParams({ text: text.value });
    if (sender instanceof HTMLSelectElement) asked.set("senderId", sender.value);
    const answer = await fetch(form.dataset.template ?? "", { method: "POST", headers: { accept: "application/json" }, body: asked }).catch(() => null);
    const said = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    const html = answer?.ok ? await answer.text() : "";
    if (mine !== newest || !answer) return;
    if (problem) problem.textContent = said?.message ?? "";
    text.toggleAttribute("aria-invalid", Boolean(said));
    if (html) document.querySelector("[data-template-phone]")?.replaceWith(document.createRange().createContextualFragment(html));
  }

  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(show, PAUSE);
  }

  text.addEventListener("input", soon);
  form.addEventListener("saved", soon);
  sender?.addEventListener("change", soon);
}

for (const form of document.querySelectorAll("form[data-template]")) {
  const text = form.querySelector("[data-template-text]");
  if (!(form instanceof HTMLFormElement) || !(text instanceof HTMLTextAreaElement)) continue;
  keepPreview(form, text);
  form.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-merge]") : null;
    if (button instanceof HTMLElement) put(text, button.dataset.merge ?? "");
  });
}
