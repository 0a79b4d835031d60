//! Notification preferences (N10), and the unsubscribe links in mails (N11).
//!
//! Invitations and sign-in codes are always sent, whatever is chosen here. An unsubscribe link changes the same
//! preference as the profile does; only the hash of its secret is stored, and opening it changes nothing.

use std::time::Duration;

use store::{Reader, Tx};

use crate::kernel::access::Actor;
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::medium::{Frequency, Medium};
use crate::kernel::secrets::{self, Secret};
use crate::messages::unread_backlog;

/// How long an unsubscribe link works: mails are kept, and the button must not be dead a month later.
pub const UNSUBSCRIBE_LASTS: Duration = Duration::from_secs(180 * 24 * 3600);
/// The most rows per sweep, so that writers do not wait for it.
const SWEPT_AT_ONCE: i64 = 1_000;

columns! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Preferences {
        pub email: Frequency = "email_choice",
        /// Texts also need a confirmed number and consent.
        pub text: Frequency = "text_choice",
    }
}

pub fn of_person(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Preferences> {
    let found = reader.first(
        constcat::concat!("SELECT ", Preferences::COLUMNS, " FROM people WHERE workspace = $1 AND id = $2"),
        &[&workspace, &person],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// Changes the requester's preferences; `None` leaves one as it is.
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

/// Creates the secret of an unsubscribe link, `/unsubscribe/SECRET`, for one mail.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    pub person: PersonId,
    pub way: Medium,
    /// The current preference.
    pub choice: Frequency,
}

/// Finds an unsubscribe link. Changes nothing.
///
/// # Errors
/// `NotFound` if the secret is wrong or expired.
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

/// Sets the preference of an unsubscribe link to never. Again changes nothing.
///
/// # Errors
/// As [`find_unsubscribe`].
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

/// Removes expired unsubscribe links, a limited number. Returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM unsubscribe_links WHERE (workspace, token_hash) IN \
         (SELECT workspace, token_hash FROM unsubscribe_links WHERE expires_at <= $1 LIMIT $2)",
        &[&tx.settled(), &SWEPT_AT_ONCE],
    )?)
}
