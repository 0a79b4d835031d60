//! What people answered to whether texts may be sent to them (N9): kept with its wording, time, number and way, never
//! changed, and shown to admins. `phones` decides by it; here it is only written down.

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{ConsentId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// Characters kept of what somebody wrote by text.
const WORDING_CHARACTERS: usize = 1_000;

words! {
    /// How an answer was given.
    pub enum How {
        /// On the page Profile → Texts.
        Profile = "profile",
        /// By a text such as STOP or START.
        TextMessage = "textMessage",
        /// The provider said so: it takes no texts to this number (Twilio's 21610).
        Provider = "provider",
        /// Another number was given, or none any more: the yes was for this one only.
        NumberChanged = "numberChanged",
    }
}

columns! {
    /// One answer.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Consent {
        /// When it was given.
        pub at: Time = "c.at",
        /// By whom.
        pub person: PersonId = "c.person",
        /// Their name and address, as they are now.
        pub name: Name = "p.given_name, p.family_name, p.email",
        pub number: String = "c.number",
        pub is_yes: bool = "c.answer" => |answer: String| answer == "yes",
        /// What was on the page, or what was written by text.
        pub wording: String = "c.wording",
        pub how: How = "c.how",
    }
}

/// The answer about to be kept.
pub(crate) struct ConsentInput<'a> {
    pub(crate) person: PersonId,
    pub(crate) number: &'a str,
    pub(crate) is_yes: bool,
    pub(crate) wording: &'a str,
    pub(crate) how: How,
}

/// What the page asks a yes to, word for word.
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

/// Every answer ever given in the workspace, oldest first.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn all(reader: &Reader, actor: &Actor) -> Result<Vec<Consent>> {
    access::admin(actor)?;
    let sql = format!("{ANSWERS} ORDER BY c.at, c.id");
    Ok(reader.all(&sql, &[&actor.workspace], |row| row.read())?)
}

/// Every answer that one person ever gave, oldest first.
///
/// # Errors
/// As [`all`].
pub fn of(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Vec<Consent>> {
    access::admin(actor)?;
    let sql = format!("{ANSWERS} AND c.person = $2 ORDER BY c.at, c.id");
    Ok(reader.all(&sql, &[&actor.workspace, &person], |row| row.read())?)
}
