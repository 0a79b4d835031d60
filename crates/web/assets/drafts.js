// Text that has been typed but not sent, stored on the device per channel.

import * as device from "./device_store.js";

/** All drafts, by channel. @returns {Promise<Map<string, string>>} */
export const drafts = () => device.all("drafts");

/** @param {string} channel @param {string} text */
export const saveDraft = (channel, text) =>
  device.change([{ part: "drafts", key: channel, value: text.trim() ? text : undefined }]);
