//! Invitations (S2): a mail with a link for the first sign-in. Each mail gets a new link when it is composed; earlier ones
//! stay valid until they expire, are revoked, or one of them is accepted.

use std::time::Duration;

use store::{Time, Tx};

use crate::directory::addressee::{Addressee, addressee};
use crate::directory::team;
use crate::identity::sign_in_links::{self, LinkKind};
use crate::identity::sign_in_requests;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::secrets::Secret;
use crate::kernel::{lock, rate_limits};
use crate::notify::deliveries;
use crate::notify::delivery::Kind;

/// Invitations to one person per day: enough for typing errors and lost mails, too few to be a nuisance.
pub const INVITED_MAX: i64 = 10;
const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// The content of an invitation mail. Has no `Debug`, because its secret must not be logged.
pub struct PreparedInvitation {
    pub to: Addressee,
    pub link_secret: Secret,
}

/// Invites a person, or invites them again; the mail is due now. Internal users invite client users they can see, admins
/// invite internal users.
///
/// # Errors
/// `NotFound` if the person does not exist or the actor cannot see them; `Forbidden` if staff invite internal users;
/// `Conflict` for a deactivated person; `TooMany`.
pub fn invite(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    access::internal(actor)?;
    let (role, deactivated_at): (Role, Option<Time>) = tx
        .first(
            "SELECT role, deactivated_at FROM people WHERE workspace = $1 AND id = $2",
            &[&actor.workspace, &person],
            |row| row.read(),
        )?
        .ok_or(Error::NotFound)?;
    match role {
        Role::Client => access::client(tx, actor, person)?,
        Role::Admin | Role::Staff => access::admin(actor)?,
    }
    if deactivated_at.is_some() {
        return Err(Error::Conflict("This person is deactivated and cannot be invited."));
    }
    let is_first = "SELECT 1 FROM people WHERE workspace = $1 AND id = $2 AND invited_at IS NULL";
    let is_first = tx.first(is_first, &[&actor.workspace, &person], |_| Ok(()))?.is_some();
    rate_limits::hit(tx, &format!("invitation:{}:{person}", actor.workspace), WINDOW, INVITED_MAX)?;
    tx.run(
        "UPDATE people SET invited_at = $3, uninvited_at = NULL, updated_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &person, &tx.now()],
    )?;
    if role == Role::Client {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client: person });
    }
    let changes = if is_first { Changes::none() } else { Changes::none().note("again", "yes") };
    audit_log::append(tx, actor, AuditAction::PersonInvited, Some(person.0), changes)?;
    deliveries::add(tx, actor.workspace, Kind::Invitation, Some(person))
}

/// Sends the invitation to a client user whom a colleague added.
pub(crate) fn send_invitation(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    tx.run(
        "UPDATE people SET invited_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &client, &tx.now()],
    )?;
    deliveries::add(tx, workspace, Kind::Invitation, Some(client))
}

/// Revokes an invitation: its links say so, and waiting mails and sign-in codes are not sent, until the person is invited
/// again. Idempotent.
///
/// # Errors
/// As [`invite`]; `Conflict` if it has been accepted.
pub fn take_back(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let found = team::manageable(tx, actor, person)?;
    if found.first_seen_at.is_some() {
        return Err(Error::Conflict(
            "This invitation has been accepted. You can take their access away instead.",
        ));
    }
    if found.invited_at.is_none() {
        return Ok(());
    }
    let now = tx.now();
    tx.run(
        "UPDATE people SET invited_at = NULL, uninvited_at = $3, updated_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &person, &now],
    )?;
    tx.run(
        "UPDATE sign_in_links SET revoked_at = $3 WHERE workspace = $1 AND person = $2 AND used_at IS NULL \
         AND kind = $4",
        &[&actor.workspace, &person, &now, &LinkKind::Invitation.word()],
    )?;
    sign_in_requests::call_off(tx, actor.workspace, person)?;
    if found.role == Role::Client {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client: person });
    }
    audit_log::append(tx, actor, AuditAction::PersonUninvited, Some(person.0), Changes::none())
}

/// Creates the content of the mail just before it is sent. Returns `None` if the person is deactivated or the invitation
/// was revoked.
pub fn prepare_invitation(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<PreparedInvitation>> {
    let taken_back = "SELECT 1 FROM people WHERE workspace = $1 AND id = $2 AND uninvited_at IS NOT NULL";
    if tx.first(taken_back, &[&workspace, &person], |_| Ok(()))?.is_some() {
        return Ok(None);
    }
    let Some(to) = addressee(tx, workspace, person)? else { return Ok(None) };
    let link_secret = sign_in_links::create_link(tx, workspace, person, LinkKind::Invitation)?;
    Ok(Some(PreparedInvitation { to, link_secret }))
}
