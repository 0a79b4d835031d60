// What is typed and not sent yet, kept on the device for each channel.

const prefix = `draft:${document.body.dataset.me ?? ""}:`;

/** @param {string} channel */
export function draftOf(channel) {
  try {
    return localStorage.getItem(prefix + channel) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} channel @param {string} text */
export function keepDraft(channel, text) {
  try {
    if (text.trim()) localStorage.setItem(prefix + channel, text);
    else localStorage.removeItem(prefix + channel);
  } catch {
    // Refused or full: the text still stands in the composer.
  }
}
