// Keeps the composer above a phone's keyboard where the browser lays the keyboard over the page.

/** A visible part smaller by more than this is a keyboard, in pixels. */
const KEYBOARD = 120;

export function initViewport() {
  const visible = window.visualViewport;
  if (!visible) return;
  const fit = () => {
    const isCovered = visible.scale === 1 && window.innerHeight - visible.height > KEYBOARD;
    document.body.style.height = isCovered ? `${visible.height}px` : "";
    if (isCovered) window.scrollTo(0, 0);
  };
  visible.addEventListener("resize", fit);
  visible.addEventListener("scroll", fit);
}
