//! A bookshop, and a gentleman without a company.

use super::Does::{Edit, Say};
use super::{About, Conversation, ago};

pub(super) const CONVERSATIONS: [Conversation; 2] = [
    Conversation {
        about: About::Client("Alice"),
        read_by: &["Tom"],
        lines: &[
            ago(
                5,
                2,
                20,
                "Alice",
                Say(
                    "Two authors ask me whether they may read from their books at our evening, and whether we may put the recording online.",
                ),
            ),
            ago(
                5,
                1,
                45,
                "Jane",
                Say(
                    "Reading is theirs to allow. The recording also needs the publisher. Shall I draft two sentences that they can both sign?",
                ),
            ),
            ago(5, 1, 30, "Alice", Say("Yes please! The evening is on the 20th.")),
            ago(5, 1, 28, "Alice", Edit("Yes please! The evening is on the 21st.")),
            ago(
                1,
                7,
                15,
                "Jane",
                Say(
                    "Here they are:\n\n> I agree that my reading is recorded and shown on the bookshop's website for one year. I may take this back at any time for the future.\n\nOne copy each, date, signature.",
                ),
            ),
            ago(
                0,
                0,
                48,
                "Alice",
                Say("All signed! One of them asks if **two** years are possible as well."),
            ),
            ago(
                0,
                0,
                12,
                "Alice",
                Say(
                    "And could you look over my invoice to the publisher? It is my first one with VAT for abroad.",
                ),
            ),
        ],
    },
    Conversation {
        about: About::Client("Walter"),
        read_by: &["Jane"],
        lines: &[
            ago(
                4,
                6,
                0,
                "Walter",
                Say(
                    "Dear Ms Lee, I should like to change my will. My granddaughter is to have the piano and the house by the lake goes to both of my children.",
                ),
            ),
            ago(
                4,
                4,
                30,
                "Jane",
                Say(
                    "Dear Mr Brandt, with pleasure. Both can be said in a short addition to the will that we have; you need not write it all anew.",
                ),
            ),
            ago(
                4,
                3,
                15,
                "Walter",
                Say("That is a relief. Must I come to your office? The stairs are not my friends any more."),
            ),
            ago(4, 3, 2, "Jane", Say("No, I will come to you. Would Thursday after lunch suit you?")),
            ago(3, 21, 50, "Walter", Say("Thursday is very good. I shall have cake.")),
        ],
    },
];
