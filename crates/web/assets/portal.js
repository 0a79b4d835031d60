// Every page of a signed-in user: live updates, theme, local times, the unread count.

import { connect } from "./live.js";
import { initDispatch } from "./dispatch.js";
import { initTheme } from "./theme.js";
import { initTimes } from "./times.js";
import { initUnreadCount } from "./unread.js";
import { initAutosave } from "./autosave.js";

initTheme();
initTimes();
initUnreadCount();
initDispatch();
initAutosave();
connect();
// On a phone the row of tabs is wider than the screen.
document
  .querySelector(".tabs [aria-current], nav.menu [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "center" });
