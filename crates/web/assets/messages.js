// The pages of Messages without a conversation: the list, search, a new channel.

import { connect } from "./live.js";
import { initDispatch } from "./dispatch.js";
import { initTheme } from "./theme.js";
import { initTimes } from "./times.js";
import { initChannelList } from "./channel_list.js";
import { initShortcuts } from "./shortcuts.js";
import { initPicker } from "./picker.js";

initTheme();
initTimes();
initChannelList();
initShortcuts();
if (document.getElementById("picker")) initPicker();
initDispatch();
connect();
