// The pages of a folder and of a file.

import { connect } from "./live.js";
import { initDispatch } from "./dispatch.js";
import { initTheme } from "./theme.js";
import { initTimes } from "./times.js";
import { initChannelList } from "./channel_list.js";
import { initShortcuts } from "./shortcuts.js";
import { initFolder } from "./folder.js";
import { initFolderUploads } from "./folder_uploads.js";

/** Lets the arrow keys go to the previous and the next file. */
function initFilePaging() {
  if (!document.querySelector(".looking")) return;
  document.addEventListener("keydown", (event) => {
    const isElsewhere =
      event.target instanceof HTMLElement && event.target.closest("input, textarea, select, video, audio");
    if (isElsewhere || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const direction = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = direction && document.querySelector(`.looking a[rel=${direction}]`);
    if (link instanceof HTMLAnchorElement) link.click();
  });
}

initTheme();
initTimes();
initChannelList();
initShortcuts();
initFilePaging();
if (document.getElementById("entries")) {
  initFolder();
  initFolderUploads();
}
initDispatch();
connect();
