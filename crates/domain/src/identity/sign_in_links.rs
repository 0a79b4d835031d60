//! Links that sign somebody in or set the portal up. Viewing a link changes nothing, so mail scanners cannot use it
//! up (S1). Only the hash of its secret is stored.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::directory::addressee;
use crate::identity::sign_ups;
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::limits;
use crate::kernel::name::Name;
use crate::kernel::secrets::{self, Secret};
use crate::kernel::words::words;

/// Demo links last a day, long enough to look around.
const DEMO_LASTS: Duration = Duration::from_secs(24 * 3600);

pub(crate) const USED: Error = Error::Conflict("This link has been used already. Please ask for a new one.");
pub(crate) const TAKEN_BACK: Error = Error::Conflict("This invitation was taken back.");
pub(crate) const EXPIRED: Error = Error::Conflict("This link has expired. Please ask for a new one.");

words! {
    /// What a link was created for.
    pub enum LinkKind {
        /// A sign-in mail; used up together with the code in that mail.
        Mail = "mail",
        Command = "command",
        Invitation = "invitation",
        /// The demo; such a link is never used up.
        Demo = "demo",
    }
}

impl LinkKind {
    pub fn lasts(self) -> Duration {
        match self {
            LinkKind::Mail | LinkKind::Command => limits::SIGN_IN_LASTS,
            LinkKind::Invitation => limits::INVITATION_LASTS,
            LinkKind::Demo => DEMO_LASTS,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Good,
    /// The link was used, or the code in the same mail.
    Used,
    TakenBack,
    Expired,
}

/// A link as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub name: Name,
    pub kind: LinkKind,
    pub state: LinkState,
    /// The path to open after signing in, if the person asked for a particular page.
    pub back: Option<String>,
    /// The sign-in request that this link was mailed for. Using the link uses up that request.
    pub(crate) sign_in: Option<SignInId>,
}

/// Creates a link that signs a person in.
///
/// # Errors
/// `NotFound` if the person does not exist or is deactivated.
pub fn create_link(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, kind: LinkKind) -> Result<Secret> {
    addressee::addressee(tx, workspace, person)?.ok_or(Error::NotFound)?;
    if kind == LinkKind::Command {
        audit_log::append_by_cli(tx, workspace, AuditAction::LinkMade, Some(person.0), Changes::none())?;
    }
    insert(tx, workspace, person, kind, None, tx.now().after(kind.lasts()))
}

/// Creates the link for the mail of a sign-in request, replacing an earlier link of that request.
pub(crate) fn replace_mailed(
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

/// Finds a link by its secret, whatever its state. Changes nothing.
///
/// # Errors
/// `NotFound` if there is no such link or its person is deactivated.
pub fn find_link(reader: &Reader, secret: &str) -> Result<Link> {
    let now = reader.now();
    // A pending sign-up has no row in `people` yet.
    let sql = format!(
        "SELECT l.workspace, l.person, coalesce(p.given_name, n.given_name), coalesce(p.family_name, n.family_name), \
         coalesce(p.email, n.email), l.kind, l.expires_at, coalesce(l.used_at, s.used_at), l.sign_in, s.back, l.revoked_at \
         FROM sign_in_links l LEFT JOIN people p ON p.workspace = l.workspace AND p.id = l.person \
         LEFT JOIN ({newcomers}) n ON n.workspace = l.workspace AND n.person = l.person \
         LEFT JOIN sign_ins s ON s.workspace = l.workspace AND s.id = l.sign_in \
         WHERE l.token_hash = $1 AND p.deactivated_at IS NULL AND (p.id IS NOT NULL OR n.person IS NOT NULL)",
        newcomers = sign_ups::PENDING_SIGN_UPS
    );
    let link = reader.first(&sql, &[&secrets::hash(secret)], |row| {
        let mut columns = row.columns();
        let (workspace, person, name, kind) = columns.next()?;
        let (expires_at, used_at, sign_in, back): (Time, Option<Time>, _, _) = columns.next()?;
        let taken_back_at: Option<Time> = columns.next()?;
        let state = match used_at {
            _ if taken_back_at.is_some() => LinkState::TakenBack,
            Some(_) => LinkState::Used,
            None if expires_at <= now => LinkState::Expired,
            None => LinkState::Good,
        };
        Ok(Link { workspace, person, name, kind, state, back, sign_in })
    })?;
    link.ok_or(Error::NotFound)
}
