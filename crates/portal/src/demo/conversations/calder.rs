//! Calder Shipping: wet cargo, and a ship to buy.

use super::Does::{Delete, Edit, Say};
use super::{About, Conversation, ago};

pub(super) const CONVERSATIONS: [Conversation; 4] = [
    Conversation {
        about: About::Client("Ingrid"),
        read_by: &["Jane", "Tom", "Ingrid"],
        lines: &[
            ago(
                6,
                5,
                0,
                "Ingrid",
                Say(
                    "Who is at your office during the week of the closing? I shall be in Bergen and would like one person to call.",
                ),
            ),
            ago(
                6,
                4,
                33,
                "Tom",
                Say("I am, all week, from eight to six. Outside of that Jane has the file too."),
            ),
            ago(6, 4, 30, "Ingrid", Say("Noted. Thank you.")),
        ],
    },
    Conversation {
        about: About::Company("Calder Shipping"),
        read_by: &["Jane", "Ingrid"],
        lines: &[
            ago(
                4,
                8,
                20,
                "Samir",
                Say(
                    "The receiver in Rotterdam refuses 40 pallets because of water damage. The surveyor comes tomorrow at nine. What do we need from him?",
                ),
            ),
            ago(
                4,
                7,
                58,
                "Tom",
                Say(
                    "Three things, in this order:\n\n- **where** the water came from: sea water or rain (a simple silver nitrate test)\n- photos of the hatch seals\n- his report *before* anything is moved",
                ),
            ),
            ago(4, 7, 50, "Samir", Say("Understood.")),
            ago(3, 6, 12, "Samir", Say("Test says fresh water, so rain during loading. Seals are fine.")),
            ago(
                3,
                6,
                2,
                "Tom",
                Say(
                    "Then it is the terminal's matter and not ours. I will write to them; the time limit is short, so please do not discuss the cause with the receiver until then.",
                ),
            ),
            ago(3, 5, 44, "Samir", Say("I already told him it was rain…")),
            ago(3, 5, 43, "Samir", Delete),
            ago(3, 5, 30, "Samir", Say("Sorry, wrong chat. Will do.")),
            ago(
                0,
                3,
                18,
                "Samir",
                Say("The terminal's insurer called me directly. Am I allowed to talk to them?"),
            ),
            ago(0, 3, 4, "Samir", Say("They are quite insistent and want the loading log by tonight.")),
        ],
    },
    Conversation {
        about: About::Project("Purchase of MV Astrid"),
        read_by: &["Tom", "Samir"],
        lines: &[
            ago(
                6,
                6,
                30,
                "Jane",
                Say(
                    "The memorandum of agreement is signed by the sellers. From here on:\n\n1. **Deposit**: Calder, this week\n2. **Inspection** in dry dock: Samir, next week\n3. **Bill of sale**: Harbor & Lee, at the closing\n\nI keep this list up to date here.",
                ),
            ),
            ago(6, 5, 55, "Ingrid", Say("Deposit goes out this afternoon.")),
            ago(
                4,
                2,
                5,
                "Samir",
                Say(
                    "Inspection done. Hull and engine as described; two of the anchors chains are at the limit. Yard in Gdynia quotes 38,000 to replace them.",
                ),
            ),
            ago(
                4,
                1,
                58,
                "Samir",
                Edit(
                    "Inspection done. Hull and engine as described; two of the anchor chains are at the limit. The yard in Gdynia quotes **38,000** to replace them.",
                ),
            ),
            ago(
                4,
                0,
                40,
                "Jane",
                Say(
                    "Under clause 6 that is the sellers' cost *if* the class society puts a remark on it. Did the surveyor write one?",
                ),
            ),
            ago(
                3,
                23,
                10,
                "Samir",
                Say("Yes, it is in his report, page 4: `Condition of class: renew before next voyage`."),
            ),
            ago(3, 22, 48, "Jane", Say("Then we ask for the full amount off the price. Leave that to me.")),
            ago(
                1,
                6,
                0,
                "Jane",
                Say(
                    "Agreed: 38,000 off, in writing. ~~Closing on the 14th~~ The closing moves by two days so that the new chains can be fitted.",
                ),
            ),
            ago(1, 5, 12, "Ingrid", Say("Very good work. Two days are no problem for us.")),
        ],
    },
    Conversation {
        about: About::Client("Samir"),
        read_by: &["Jane", "Tom", "Samir"],
        lines: &[
            ago(
                6,
                7,
                0,
                "Tom",
                Say(
                    "Hello Samir, Ingrid asked us to give you access. Whatever concerns only you can be written here.",
                ),
            ),
            ago(6, 6, 50, "Samir", Say("Great, thank you Tom.")),
        ],
    },
];
