//! Invitations (S2): a mail with a link that signs in for the first time. The link is made when the mail is put
//! together, a new one each time; earlier ones stay good until they expire, are taken back, or one of them was accepted.

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

/// Invitations of one person in a day: enough for typing errors and lost mails, too few to be a nuisance.
pub const INVITED_MAX: i64 = 10;
const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// What an invitation says. It holds a secret: not to be logged, hence no `Debug`.
pub struct PreparedInvitation {
    /// To whom it goes.
    pub to: Addressee,
    /// The link's secret.
    pub link_secret: Secret,
}

/// Invites a person, also again: internal users the client users that they see, admins the internal users. The mail
/// is due now.
///
/// # Errors
/// `NotFound` for somebody who is not there or not theirs to see; `Forbidden` for staff who invite internal users;
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

/// Invites a client user whom a colleague added.
pub(crate) fn send_invitation(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    tx.run(
        "UPDATE people SET invited_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &client, &tx.now()],
    )?;
    deliveries::add(tx, workspace, Kind::Invitation, Some(client))
}

/// Takes an invitation back: its links say so, a mail that still waits is not sent, and codes are not either. A new
/// invitation makes good for all of that. Again changes nothing.
///
/// # Errors
/// As [`invite`]; `Conflict` where its person has accepted it.
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

/// Makes what an invitation says, just before it is sent. Nothing where its person is deactivated, or it was taken back.
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
