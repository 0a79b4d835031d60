// Every page of somebody who is signed in: live updates, light or dark, local times, the count of what is unread.

import { connect } from "./live.js";
import { keepDispatching } from "./dispatch.js";
import { keepTheme } from "./theme.js";
import { keepLocal } from "./times.js";
import { keepCount } from "./unread.js";
import { keepSaved } from "./saving.js";

keepTheme();
keepLocal();
keepCount();
keepDispatching();
keepSaved();
connect();
// On a phone a row of tabs is wider than the screen.
document.querySelector(".tabs [aria-current], nav.menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
