// The pages of a folder and of a file.

import { connect } from "./live.js";
import { keepDispatching } from "./dispatch.js";
import { keepTheme } from "./theme.js";
import { keepLocal } from "./times.js";
import { keepList } from "./channel_list.js";
import { keepKeys } from "./keys.js";
import { keepFolder } from "./folder.js";
import { keepFiling } from "./filing.js";

/** The arrows go to the file before and after. */
function keepLooking() {
  if (!document.querySelector(".looking")) return;
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, video, audio");
    if (isElsewhere || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = way && document.querySelector(`.looking a[rel=${way}]`);
    if (link instanceof HTMLAnchorElement) link.click();
  });
}

keepTheme();
keepLocal();
keepList();
keepKeys();
keepLooking();
if (document.getElementById("entries")) {
  keepFolder();
  keepFiling();
}
keepDispatching();
connect();
