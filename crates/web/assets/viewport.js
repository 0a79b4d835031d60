// Keeps the composer above a phone's keyboard in browsers whose keyboard covers the page.

/** If the viewport shrinks by more than this, a keyboard is open, in pixels. */
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
