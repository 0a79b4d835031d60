// What is typed and not sent yet, kept on the device for each channel.

import * as device from "./device_store.js";

/** All drafts, by channel. @returns {Promise<Map<string, string>>} */
export const drafts = () => device.all("drafts");

/** @param {string} channel @param {string} text */
export const saveDraft = (channel, text) =>
  device.change([{ part: "drafts", key: channel, value: text.trim() ? text : undefined }]);
