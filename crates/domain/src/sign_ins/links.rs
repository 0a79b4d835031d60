//! Links that sign somebody in or set the portal up. Looking at one changes nothing, so that mail scanners cannot use
//! it up (S1); only the hash of its secret is kept.

use std::time::Duration;

use store::{FromValue, Reader, Time, Tx, Value};

use crate::error::{Error, Result};
use crate::ids::{PersonId, SignInId, WorkspaceId};
use crate::people::{self, Name};
use crate::records::{self, Changes, Deed};
use crate::secrets::{self, Secret};
use crate::{bounces, limits, sign_ups, tries, workspaces};

/// A link of the demonstration is good for this long: a day of looking around.
const DEMO_LASTS: Duration = Duration::from_secs(24 * 3600);
/// A set-up link is good for this long; the next start makes a new one.
const SET_UP_LASTS: Duration = Duration::from_secs(24 * 3600);
/// Tries to set the portal up in a minute: a form corrected a few times. Its secret cannot be guessed anyway.
const SET_UP_TRIES: i64 = 30;
const SET_UP_WINDOW: Duration = Duration::from_secs(60);

const USED: Error = Error::Conflict("This link has been used already. Please ask for a new one.");
const TAKEN_BACK: Error = Error::Conflict("This invitation was taken back.");
const EXPIRED: Error = Error::Conflict("This link has expired. Please ask for a new one.");

/// Where a link comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A mail that somebody asked for; used up together with its code.
    Mail,
    /// The command line.
    Command,
    /// An invitation.
    Invitation,
    /// The demonstration. It is not used up.
    Demo,
}

impl LinkKind {
    /// The word that the database uses.
    pub fn word(self) -> &'static str {
        match self {
            LinkKind::Mail => "mail",
            LinkKind::Command => "command",
            LinkKind::Invitation => "invitation",
            LinkKind::Demo => "demo",
        }
    }

    /// How long a link of this kind is good.
    pub fn lasts(self) -> Duration {
        match self {
            LinkKind::Mail | LinkKind::Command => limits::SIGN_IN_LASTS,
            LinkKind::Invitation => limits::INVITATION_LASTS,
            LinkKind::Demo => DEMO_LASTS,
        }
    }
}

impl FromValue for LinkKind {
    fn from_value(value: Value<'_>) -> Option<LinkKind> {
        let kinds = [LinkKind::Mail, LinkKind::Command, LinkKind::Invitation, LinkKind::Demo];
        kinds.into_iter().find(|kind| value == Value::Text(kind.word()))
    }
}

/// Whether a link is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It signs in.
    Good,
    /// It was used, or its code was.
    Used,
    /// It was taken back.
    TakenBack,
    /// Its time is over.
    Expired,
}

/// A link as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it signs in.
    pub workspace: WorkspaceId,
    /// Who signs in with it.
    pub person: PersonId,
    /// Their name.
    pub name: Name,
    /// Where it comes from.
    pub kind: LinkKind,
    /// Whether it is still good.
    pub state: LinkState,
    /// Where its person wanted to go when they asked for it.
    pub back: Option<String>,
    /// The request that it was mailed for: that is what is used up.
    sign_in: Option<SignInId>,
}

/// Makes a link that signs a person in.
///
/// # Errors
/// `NotFound` for somebody who is not there or is deactivated.
pub fn make_link(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, kind: LinkKind) -> Result<Secret> {
    super::addressee(tx, workspace, person)?.ok_or(Error::NotFound)?;
    if kind == LinkKind::Command {
        records::keep_of_machine(tx, workspace, Deed::LinkMade, Some(person.0), Changes::none())?;
    }
    insert(tx, workspace, person, kind, None, tx.now().after(kind.lasts()))
}

/// Makes the link of a request's mail; an earlier one of the same request is gone.
pub(super) fn replace_mailed(
    tx: &Tx,
    workspace: WorkspaceId,
    person: PersonId,
    sign_in: SignInId,
    expires_at: Time,
) -> Result<Secret> {
    tx.run("DELETE FROM sign_in_links WHERE workspace = $1 AND sign_in = $2", &[&workspace, &sign_in])?;
    insert(tx, workspace, person, LinkKind::Mail, Some(sign_in), expires_at)
}

fn insert(
    tx: &Tx,
    workspace: WorkspaceId,
    person: PersonId,
    kind: LinkKind,
    sign_in: Option<SignInId>,
    expires_at: Time,
) -> Result<Secret> {
    let secret = Secret::new();
    tx.run(
        "INSERT INTO sign_in_links (workspace, token_hash, kind, person, sign_in, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&workspace, &secret.hash(), &kind.word(), &person, &sign_in, &tx.now(), &expires_at],
    )?;
    Ok(secret)
}

/// The link of a secret, whatever its state. Changes nothing.
///
/// # Errors
/// `NotFound` where there is none or its person is deactivated.
pub fn look_at_link(reader: &Reader, secret: &str) -> Result<Link> {
    let now = reader.now();
    // Whoever signed up is nobody yet.
    let sql = format!(
        "SELECT l.workspace, l.person, coalesce(p.given_name, n.given_name), coalesce(p.family_name, n.family_name), \
         coalesce(p.email, n.email), l.kind, l.expires_at, coalesce(l.used_at, s.used_at), l.sign_in, s.back, l.revoked_at \
         FROM sign_in_links l LEFT JOIN people p ON p.workspace = l.workspace AND p.id = l.person \
         LEFT JOIN ({newcomers}) n ON n.workspace = l.workspace AND n.person = l.person \
         LEFT JOIN sign_ins s ON s.workspace = l.workspace AND s.id = l.sign_in \
         WHERE l.token_hash = $1 AND p.deactivated_at IS NULL AND (p.id IS NOT NULL OR n.person IS NOT NULL)",
        newcomers = sign_ups::NEWCOMERS
    );
    let link = reader.first(&sql, &[&secrets::hash(secret)], |row| {
        let expires_at: Time = row.get(6)?;
        let used_at: Option<Time> = row.get(7)?;
        let taken_back_at: Option<Time> = row.get(10)?;
        let state = match used_at {
            _ if taken_back_at.is_some() => LinkState::TakenBack,
            Some(_) => LinkState::Used,
            None if expires_at <= now => LinkState::Expired,
            None => LinkState::Good,
        };
        let (workspace, person) = (row.get(0)?, row.get(1)?);
        let (name, kind, sign_in) = (Name::read(row, 2)?, row.get(5)?, row.get(8)?);
        Ok(Link { workspace, person, name, kind, state, back: row.get(9)?, sign_in })
    })?;
    link.ok_or(Error::NotFound)
}

/// Signs in with a link, once: answers where, and who.
///
/// # Errors
/// `NotFound` where there is none or its person is deactivated; `Conflict` where it is used or expired.
pub fn by_link(tx: &mut Tx, secret: &str) -> Result<(WorkspaceId, PersonId)> {
    let mut link = look_at_link(tx, secret)?;
    if link.kind == LinkKind::Invitation {
        // Whoever accepts another link of the same invitation at this moment is waited for: one of them is first.
        people::turn(tx, link.workspace)?;
        link = look_at_link(tx, secret)?;
    }
    match link.state {
        LinkState::Good => {}
        LinkState::Used => return Err(USED),
        LinkState::TakenBack => return Err(TAKEN_BACK),
        LinkState::Expired => return Err(EXPIRED),
    }
    if !use_up(tx, &link, secret)? {
        return Err(USED);
    }
    let person = super::arrive(tx, link.workspace, link.person)?.ok_or(Error::NotFound)?;
    if matches!(link.kind, LinkKind::Mail | LinkKind::Invitation) {
        bounces::mail_arrived(tx, link.workspace, person)?;
    }
    Ok((link.workspace, person))
}

/// False where somebody else was faster.
fn use_up(tx: &Tx, link: &Link, secret: &str) -> Result<bool> {
    if link.kind == LinkKind::Demo {
        return Ok(true);
    }
    if let Some(sign_in) = link.sign_in {
        return super::use_up(tx, link.workspace, sign_in);
    }
    let used = tx.run(
        "UPDATE sign_in_links SET used_at = $3 WHERE workspace = $1 AND token_hash = $2 AND used_at IS NULL",
        &[&link.workspace, &secrets::hash(secret), &tx.now()],
    )?;
    Ok(used > 0)
}

/// Makes the one-time link that sets the portal up (S4), and forgets earlier ones. Nothing where it is set up already.
///
/// # Errors
/// Where the database fails.
pub fn set_up_link(tx: &mut Tx) -> Result<Option<Secret>> {
    if workspaces::any(tx)? {
        return Ok(None);
    }
    end_set_up(tx)?;
    let secret = Secret::new();
    let now = tx.now();
    tx.run(
        "INSERT INTO sign_in_links (token_hash, kind, created_at, expires_at) VALUES ($1, 'setUp', $2, $3)",
        &[&secret.hash(), &now, &now.after(SET_UP_LASTS)],
    )?;
    Ok(Some(secret))
}

/// Counts a try to set the portal up. Two at the same moment wait for each other here: one of them finds it done.
pub(crate) fn count_set_up(tx: &Tx) -> Result<()> {
    tries::count(tx, "set-up", SET_UP_WINDOW, SET_UP_TRIES)
}

/// Makes sure that a secret is that of the set-up link. Changes nothing.
///
/// # Errors
/// `NotFound` where it is wrong, replaced or expired.
pub fn check_set_up(reader: &Reader, secret: &str) -> Result<()> {
    let found = reader.first(
        "SELECT 1 FROM sign_in_links WHERE token_hash = $1 AND kind = 'setUp' AND expires_at > $2",
        &[&secrets::hash(secret), &reader.now()],
        |_| Ok(()),
    )?;
    found.ok_or(Error::NotFound)
}

/// Forgets the set-up links.
pub(crate) fn end_set_up(tx: &Tx) -> Result<()> {
    tx.run("DELETE FROM sign_in_links WHERE kind = 'setUp'", &[])?;
    Ok(())
}
