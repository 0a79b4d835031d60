//! Consent to text messages (N9): each answer is stored with its wording, time, number and medium, never changed,
//! and can be exported by admins. What is currently in effect is in [`crate::notify::phones`].

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{ConsentId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// Characters stored of an answer sent by text.
const WORDING_CHARACTERS: usize = 1_000;

words! {
    pub enum How {
        /// On the page Profile → Texts.
        Profile = "profile",
        /// By a text such as STOP or START.
        TextMessage = "textMessage",
        /// The provider reported that it takes no texts to this number (Twilio error 21610).
        Provider = "provider",
        /// The number was changed or removed: consent is for one number only.
        NumberChanged = "numberChanged",
    }
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Consent {
        pub at: Time = "c.at",
        pub person: PersonId = "c.person",
        /// Their current name and address.
        pub name: Name = "p.given_name, p.family_name, p.email",
        pub number: String = "c.number",
        pub is_yes: bool = "c.answer" => |answer: String| answer == "yes",
        /// The text shown on the page, or the text message they sent.
        pub wording: String = "c.wording",
        pub how: How = "c.how",
    }
}

/// An answer to store.
pub(crate) struct ConsentInput<'a> {
    pub(crate) person: PersonId,
    pub(crate) number: &'a str,
    pub(crate) is_yes: bool,
    pub(crate) wording: &'a str,
    pub(crate) how: How,
}

/// The text that the page asks consent to, word for word.
pub fn wording(brand: &str, number: &str) -> String {
    format!(
        "Yes, {brand} may send text messages to {number} when I have missed messages in its portal. How many depends on how \
         much I miss. My provider may charge for texts and data. I can end this at any time by answering STOP, and get \
         help by answering HELP. Nothing else depends on this yes."
    )
}

pub(crate) fn append(tx: &Tx, workspace: WorkspaceId, given: &ConsentInput<'_>) -> Result<()> {
    let now = tx.now();
    let answer = if given.is_yes { "yes" } else { "no" };
    let wording: String =
        given.wording.chars().take(WORDING_CHARACTERS).filter(|sign| *sign != '\0').collect();
    tx.run(
        "INSERT INTO consents (workspace, id, person, number, answer, wording, how, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &workspace,
            &ConsentId::new(now),
            &given.person,
            &given.number,
            &answer,
            &wording,
            &given.how,
            &now,
        ],
    )?;
    Ok(())
}

const ANSWERS: &str = constcat::concat!(
    "SELECT ",
    Consent::COLUMNS,
    " FROM consents c JOIN people p ON p.workspace = c.workspace AND p.id = c.person WHERE c.workspace = $1"
);

/// All answers ever given in the workspace, oldest first; admins only.
pub fn all(reader: &Reader, actor: &Actor) -> Result<Vec<Consent>> {
    access::admin(actor)?;
    let sql = format!("{ANSWERS} ORDER BY c.at, c.id");
    Ok(reader.all(&sql, &[&actor.workspace], |row| row.read())?)
}

/// All answers that one person ever gave, oldest first; admins only.
pub fn of(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Vec<Consent>> {
    access::admin(actor)?;
    let sql = format!("{ANSWERS} AND c.person = $2 ORDER BY c.at, c.id");
    Ok(reader.all(&sql, &[&actor.workspace, &person], |row| row.read())?)
}
