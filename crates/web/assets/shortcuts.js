// Keyboard shortcuts of the pages of Messages and Files. `?` shows them all.

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Goes to the previous or next channel. @param {number} by */
function step(by) {
  const links = [...document.querySelectorAll("#rows a[href]")].filter(
    (link) => link instanceof HTMLAnchorElement,
  );
  const index = links.findIndex((link) => link.hasAttribute("aria-current"));
  links[index < 0 ? 0 : index + by]?.click();
}

export function initShortcuts() {
  const dialog = document.getElementById("keys");
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      step(event.key === "ArrowUp" ? -1 : 1);
      return;
    }
    const isHelp =
      (event.key === "/" && (event.ctrlKey || event.metaKey)) ||
      (event.key === "?" && !isTyping(event.target));
    if (isHelp && dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      if (!dialog.open) dialog.showModal();
      return;
    }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const field = document.querySelector(".list input[type=search]");
      if (!(field instanceof HTMLInputElement)) return;
      event.preventDefault();
      field.focus();
    }
  });
}
