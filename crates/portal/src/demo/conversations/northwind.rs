//! Northwind Bakery: a brand to defend, people to hire, a second shop to rent.

use super::Does::{Say, Send};
use super::{About, Conversation, File, ago};

static PACKAGING: File =
    File { name: "Packaging at the market.jpg", bytes: include_bytes!("../files/packaging.jpg") };
static CONTRACT: File =
    File { name: "Employment contract.pdf", bytes: include_bytes!("../files/contract.pdf") };
static RENTS: File = File { name: "Rents in Mill Street.csv", bytes: include_bytes!("../files/rents.csv") };

pub(super) const CONVERSATIONS: [Conversation; 4] = [
    Conversation {
        about: About::Client("Maya"),
        read_by: &["Jane", "Tom", "Priya"],
        lines: &[
            ago(
                6,
                3,
                10,
                "Jane",
                Say(
                    "Hi Maya, welcome to our portal! Whatever is only between you and us goes here; things about the bakery and the lease have conversations of their own.",
                ),
            ),
            ago(
                6,
                2,
                41,
                "Maya",
                Say("This is so much nicer than digging through my inbox. Hello from my phone 👋"),
            ),
            ago(
                4,
                5,
                20,
                "Maya",
                Say("Somebody in Leeds sells bread under the name *Northwind Loaf*. Can they do that?"),
            ),
            ago(
                4,
                4,
                55,
                "Jane",
                Say(
                    "Good that you saw it. Your mark covers bread and pastry since 2021, so most likely **no**. Please send me:\n\n- a photo of the packaging\n- where you saw it\n- since when, if you know",
                ),
            ),
            ago(
                4,
                4,
                12,
                "Maya",
                Say(
                    "Spotted last Saturday at the Riverside market. The stall holder said they started in spring. Photo comes by tonight.",
                ),
            ),
            ago(3, 23, 14, "Maya", Send("", &PACKAGING)),
            ago(
                3,
                22,
                30,
                "Jane",
                Say(
                    "Thank you. I will write to them in a friendly tone first. That settles two cases out of three, and costs you one letter.",
                ),
            ),
            ago(3, 22, 2, "Maya", Say("Friendly is good. Go ahead!")),
            ago(
                0,
                1,
                35,
                "Jane",
                Say(
                    "They answered this morning: they will **rename the loaf by the end of the month** and ask to sell off the printed bags until then. I would accept that.",
                ),
            ),
            ago(
                0,
                1,
                33,
                "Jane",
                Say("If you agree, a short \"yes\" here is enough, and I will confirm it to them today."),
            ),
        ],
    },
    Conversation {
        about: About::Client("Luis"),
        read_by: &["Jane", "Tom", "Priya", "Luis"],
        lines: &[
            ago(
                5,
                4,
                0,
                "Luis",
                Say(
                    "Quick one: is a text message enough to end a probation period, or does it have to be on paper?",
                ),
            ),
            ago(
                5,
                3,
                12,
                "Priya",
                Say(
                    "On paper, signed by hand, and it has to *arrive* before the last day. Hand it over in person and have the receipt signed.",
                ),
            ),
            ago(5, 3, 5, "Luis", Say("Perfect, thanks Priya!")),
        ],
    },
    Conversation {
        about: About::Company("Northwind Bakery"),
        read_by: &["Jane", "Tom", "Maya"],
        lines: &[
            ago(
                5,
                6,
                15,
                "Luis",
                Say(
                    "We are hiring four people for the new shop. Do we need new contracts, or can we take the old template?",
                ),
            ),
            ago(
                5,
                5,
                40,
                "Priya",
                Say(
                    "The template is from before the new rules on working hours, so please do not use it. I will prepare a new one with:\n\n1. shift times that can change with two weeks' notice\n2. Sunday work\n3. the staff discount, so that it does not become part of the wage",
                ),
            ),
            ago(
                5,
                5,
                31,
                "Luis",
                Say("Sunday work is the important one. Could it say \"up to two Sundays a month\"?"),
            ),
            ago(5, 5, 2, "Priya", Say("Yes, that works.")),
            ago(
                2,
                7,
                48,
                "Priya",
                Send(
                    "The draft is ready. Please look at section 4 above all:\n\n> The employee works on up to two Sundays a calendar month. For each, a full day off is given within the following fortnight.",
                    &CONTRACT,
                ),
            ),
            ago(2, 6, 30, "Maya", Say("I like it. @Luis Ortega are you fine with the fortnight?")),
            ago(2, 6, 4, "Luis", Say("Fine with me 👍")),
            ago(
                0,
                20,
                11,
                "Priya",
                Say(
                    "Then it is final. Fill in name and start date, and have both copies signed *before* the first shift.",
                ),
            ),
        ],
    },
    Conversation {
        about: About::Project("Lease at 12 Mill Street"),
        read_by: &["Priya", "Luis"],
        lines: &[
            ago(
                6,
                1,
                5,
                "Tom",
                Say(
                    "I have read the landlord's draft. Most of it is usual, three points are not:\n\n1. **Rent review**: every year, upwards only\n2. **Repairs**: the roof would be yours\n3. **Break clause**: there is none in ten years",
                ),
            ),
            ago(6, 0, 32, "Maya", Say("The roof?! It leaks already.")),
            ago(
                6,
                0,
                20,
                "Tom",
                Say(
                    "Exactly why they would like you to have it. I suggest that we strike it and ask for a survey.",
                ),
            ),
            ago(
                5,
                22,
                58,
                "Luis",
                Say("And the break clause, please. Ten years is a long time for a second shop."),
            ),
            ago(
                3,
                3,
                15,
                "Tom",
                Say(
                    "Their answer: the roof stays **theirs**, and a break clause after year five is fine *if* we give nine months' notice. On the rent review they do not move yet.",
                ),
            ),
            ago(3, 2, 40, "Maya", Say("That is already much better than I feared.")),
            ago(
                1,
                4,
                22,
                "Tom",
                Say(
                    "@Priya Nair could you compare the rent of the neighbours? Two or three recent leases in Mill Street would help us.",
                ),
            ),
            ago(
                1,
                2,
                50,
                "Priya",
                Send(
                    "Found two: No. 8 with reviews every **three** years, No. 15 tied to the price index with a cap of 3 %. Both signed within the last year.",
                    &RENTS,
                ),
            ),
            ago(
                0,
                5,
                40,
                "Tom",
                Say(
                    "Excellent. I sent both to the landlord's side and asked for the index with a cap. They want to call me back today.",
                ),
            ),
            ago(
                0,
                0,
                26,
                "Tom",
                Say(
                    "Good news: **they take the index with a cap of 3 %.** Please tell me if you want to sign on those terms, then I will book the notary.",
                ),
            ),
        ],
    },
];
