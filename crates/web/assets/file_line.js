// The line of a file that is being uploaded: its name, its progress, and why it is waiting or refused.

/** The most files in one message; the server has the same limit. */
export const FILES_MAX = 20;
/** Shown while refused files are still attached to the message. */
export const REMOVE_REFUSED = "Please remove the files that could not be sent.";

/** @param {number} bytes formatted in the same way as by the server */
export function sizeOf(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let [amount, unit] = [bytes, 0];
  while (amount >= 999.5 && unit + 1 < units.length) {
    amount /= 1000;
    unit += 1;
  }
  if (bytes === 1) return "1 byte";
  return `${unit === 0 || amount >= 99.95 ? amount.toFixed(0) : amount.toFixed(1).replace(/\.0$/, "")} ${units[unit]}`;
}

/** Creates the line of a file. @param {{name: string, size: number, isThere?: boolean}} file */
export function lineFor({ name, size, isThere }) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("attachment"));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const line = /** @type {HTMLElement} */ (fragment.firstElementChild);
  line.querySelector("bdi")?.append(name);
  line.querySelector("[data-size]")?.append(sizeOf(size));
  line.querySelector("button")?.setAttribute("aria-label", `Remove ${name}`);
  const bar = line.querySelector("progress");
  if (bar) {
    bar.max = Math.max(size, 1);
    bar.value = 0;
    bar.hidden = Boolean(isThere);
    bar.setAttribute("aria-label", `Sending ${name}`);
  }
  return line;
}

/** Shows a picture from the device, without waiting for the server. @param {HTMLElement} line @param {Blob} [bytes] */
export function showPicture(line, bytes) {
  const image = line.querySelector("img");
  if (!image || !bytes || !/^image\/(jpeg|png|gif|webp|avif)$/.test(bytes.type)) return;
  const address = URL.createObjectURL(bytes);
  image.onload = () => {
    URL.revokeObjectURL(address);
    image.hidden = false;
    line.querySelector(".icon")?.remove();
  };
  image.onerror = () => URL.revokeObjectURL(address);
  image.src = address;
}

/** Shows the state of an upload. @param {Element} line @param {Omit<import("./attachments.js").State, "id">} state */
export function showState(line, { bytes, isLost, isThere, refused }) {
  const bar = line.querySelector("progress");
  if (bar && bytes !== undefined) bar.value = bytes;
  if (bar) bar.hidden = Boolean(isThere || refused);
  line.classList.toggle("lost", Boolean(isLost));
  line.classList.toggle("refused", Boolean(refused));
  const why = line.querySelector("[data-state]");
  if (why) why.textContent = refused ?? (isLost ? "Waiting for a connection" : "");
}
