//! What people choose to be sent about messages that they have missed (N10), and the links in mails that end it.
//!
//! Invitations and sign-in codes always arrive: nothing here concerns them. An unsubscribe link changes the same choice
//! as Profile does; its secret is kept as a hash, and looking at it changes nothing.

use std::time::Duration;

use store::{Reader, Tx};

use crate::kernel::access::Actor;
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::medium::{Frequency, Medium};
use crate::kernel::secrets::{self, Secret};
use crate::messages::unread_backlog;

/// An unsubscribe link works for this long: mails are kept, and their button must not be dead a month later.
pub const UNSUBSCRIBE_LASTS: Duration = Duration::from_secs(180 * 24 * 3600);
/// Rows that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 1_000;

columns! {
    /// What somebody has chosen.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Preferences {
        pub email: Frequency = "email_choice",
        /// For text messages; they also need a proven number and a yes.
        pub text: Frequency = "text_choice",
    }
}

/// What a person has chosen.
///
/// # Errors
/// `NotFound` where there is no such person.
pub fn of_person(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Preferences> {
    let found = reader.first(
        constcat::concat!("SELECT ", Preferences::COLUMNS, " FROM people WHERE workspace = $1 AND id = $2"),
        &[&workspace, &person],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// Changes what the one who asks is sent; nothing for what stays.
///
/// # Errors
/// `NotFound` where they are not there any more.
pub fn choose(tx: &mut Tx, actor: &Actor, email: Option<Frequency>, text: Option<Frequency>) -> Result<()> {
    let before = of_person(tx, actor.workspace, actor.person)?;
    let choices = Preferences { email: email.unwrap_or(before.email), text: text.unwrap_or(before.text) };
    save(tx, actor.workspace, actor.person, choices)
}

fn save(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, choices: Preferences) -> Result<()> {
    let changed = tx.run(
        "UPDATE people SET email_choice = $3, text_choice = $4, updated_at = $5 WHERE workspace = $1 AND id = $2 \
         AND (email_choice <> $3 OR text_choice <> $4)",
        &[&workspace, &person, &choices.email, &choices.text, &tx.now()],
    )?;
    if changed > 0 { unread_backlog::forecast_changed(tx, workspace, person) } else { Ok(()) }
}

/// Makes the secret of an unsubscribe link for one mail: the link is `/unsubscribe/SECRET`.
pub fn unsubscribe_secret(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    way: Medium,
) -> Result<Secret> {
    let secret = Secret::new();
    let now = tx.now();
    tx.run(
        "INSERT INTO unsubscribe_links (workspace, token_hash, person, way, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[&workspace, &secret.hash(), &person, &way.word(), &now, &now.after(UNSUBSCRIBE_LASTS)],
    )?;
    Ok(secret)
}

/// What an unsubscribe link is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Whose choice it changes.
    pub person: PersonId,
    /// Which of their choices.
    pub way: Medium,
    /// What they have chosen now.
    pub choice: Frequency,
}

/// The unsubscribe link of a secret in this workspace. Changes nothing.
///
/// # Errors
/// `NotFound` where there is none, or its time is over.
pub fn find_unsubscribe(reader: &Reader, workspace: WorkspaceId, secret: &str) -> Result<Unsubscribe> {
    let found: Option<(PersonId, Medium)> = reader.first(
        "SELECT person, way FROM unsubscribe_links WHERE token_hash = $2 AND workspace = $1 AND expires_at > $3",
        &[&workspace, &secrets::hash(secret), &reader.now()],
        |row| row.read(),
    )?;
    let (person, way) = found.ok_or(Error::NotFound)?;
    let choices = of_person(reader, workspace, person)?;
    let choice = match way {
        Medium::Email => choices.email,
        Medium::Text => choices.text,
    };
    Ok(Unsubscribe { person, way, choice })
}

/// Ends what the link of a secret is about: the same as choosing never. Again changes nothing.
///
/// # Errors
/// `NotFound` as [`look_at_unsubscribe`].
pub fn unsubscribe(tx: &mut Tx, workspace: WorkspaceId, secret: &str) -> Result<Unsubscribe> {
    let link = find_unsubscribe(tx, workspace, secret)?;
    let before = of_person(tx, workspace, link.person)?;
    let after = match link.way {
        Medium::Email => Preferences { email: Frequency::Off, ..before },
        Medium::Text => Preferences { text: Frequency::Off, ..before },
    };
    save(tx, workspace, link.person, after)?;
    Ok(Unsubscribe { choice: Frequency::Off, ..link })
}

/// Removes some unsubscribe links whose time is over, and says how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM unsubscribe_links WHERE (workspace, token_hash) IN \
         (SELECT workspace, token_hash FROM unsubscribe_links WHERE expires_at <= $1 LIMIT $2)",
        &[&tx.now(), &SWEPT_AT_ONCE],
    )?)
}
