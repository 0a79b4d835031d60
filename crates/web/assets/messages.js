// The pages of Messages without a conversation: the list alone, search, a new channel.

import { connect } from "./live.js";
import { keepDispatching } from "./dispatch.js";
import { keepTheme } from "./theme.js";
import { keepLocal } from "./times.js";
import { keepList } from "./channel_list.js";
import { keepKeys } from "./keys.js";
import { pick } from "./picker.js";

keepTheme();
keepLocal();
keepList();
keepKeys();
if (document.getElementById("picker")) pick();
keepDispatching();
connect();
