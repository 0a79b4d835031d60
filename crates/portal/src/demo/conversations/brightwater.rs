//! Brightwater Clinic: what happens to patients' data.

use super::Does::Say;
use super::{About, Conversation, ago};

pub(super) const CONVERSATIONS: [Conversation; 3] = [
    Conversation {
        about: About::Client("Helen"),
        read_by: &["Tom", "Helen"],
        lines: &[
            ago(
                3,
                8,
                15,
                "Helen",
                Say(
                    "A patient asks for a copy of her whole file. Do we have to give her the handwritten notes too?",
                ),
            ),
            ago(
                3,
                7,
                40,
                "Priya",
                Say(
                    "Yes, notes belong to the file. You may black out what concerns *other* people. One month is the limit, and the first copy is free of charge.",
                ),
            ),
            ago(3, 7, 36, "Helen", Say("Clear, thank you.")),
            ago(
                0,
                2,
                10,
                "Helen",
                Say(
                    "She has come back and wants the X-rays as originals. I would rather not give them out of the house.",
                ),
            ),
            ago(
                0,
                1,
                50,
                "Jane",
                Say(
                    "You need not: a copy in full quality is enough. The usual viewers open it, so send it as it is.",
                ),
            ),
        ],
    },
    Conversation {
        about: About::Group("Brightwater Clinic", &["Helen", "Noah"]),
        read_by: &["Jane", "Tom", "Priya"],
        lines: &[
            ago(
                2,
                3,
                0,
                "Helen",
                Say(
                    "Thank you for putting the two of us who sign together here. Noah joins as soon as he is back from leave.",
                ),
            ),
            ago(2, 2, 44, "Jane", Say("Gladly. Only what needs both signatures comes here.")),
        ],
    },
    Conversation {
        about: About::Project("Patient data review"),
        read_by: &["Jane", "Helen"],
        lines: &[
            ago(
                5,
                7,
                30,
                "Priya",
                Say(
                    "Let's begin with a list of everybody who gets patient data from you. From our first talk I have:\n\n- the laboratory\n- the billing service\n- the appointment reminders by text message\n\nWho is missing?",
                ),
            ),
            ago(
                5,
                6,
                58,
                "Helen",
                Say(
                    "The company that repairs the X-ray machine. They can see the last pictures when they service it.",
                ),
            ),
            ago(
                5,
                6,
                40,
                "Priya",
                Say(
                    "Very good catch. With them you need an agreement; the rules are in short at https://www.example.org/data-processing",
                ),
            ),
            ago(2, 8, 22, "Helen", Say("They sent one, eleven pages. Do I sign that?")),
            ago(
                2,
                7,
                10,
                "Priya",
                Say(
                    "Not yet: they want to pass data on to *partners* without asking. I will mark what has to go.",
                ),
            ),
            ago(
                0,
                23,
                5,
                "Priya",
                Say(
                    "Done. They accepted all changes within an hour, so you can sign. One supplier less on our list 🎉",
                ),
            ),
            ago(0, 22, 40, "Helen", Say("Wonderful. On to the billing service then?")),
        ],
    },
];
