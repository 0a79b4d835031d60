// Every page of somebody who is signed in: live updates, light or dark, local times, the count of what is unread.

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
// On a phone a row of tabs is wider than the screen.
document.querySelector(".tabs [aria-current], nav.menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
