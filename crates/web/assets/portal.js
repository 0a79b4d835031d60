// Every page of somebody who is signed in: live updates, local times, the count of what is unread.

import { connect } from "./live.js";
import { keepLocal } from "./times.js";
import { keepCount } from "./unread.js";
import { keepSaved } from "./saving.js";

keepLocal();
keepCount();
keepSaved();
connect();
