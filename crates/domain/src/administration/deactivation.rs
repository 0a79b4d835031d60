//! Deactivating and reactivating client users and internal users.

use store::Tx;

use crate::administration::save_person::save;
use crate::administration::team::keep_an_admin;
use crate::channels::channel;
use crate::channels::members::{self, Scope};
use crate::directory::person::Person;
use crate::directory::team::manageable;
use crate::kernel::access::Actor;
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, SessionId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::lock;
use crate::welcome::setting;

/// Ends somebody's access: sessions and live updates end, and nothing more is sent (C3). Idempotent.
///
/// # Errors
/// `NotFound`; `Forbidden` if staff deactivate an internal user; `Field` for the last active admin.
pub fn deactivate(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let before = manageable(tx, actor, person)?;
    if before.deactivated_at.is_some() {
        return Ok(());
    }
    keep_an_admin(tx, actor.workspace, &before)?;
    let signs = setting::signer(tx, actor.workspace)?.is_some_and(|(signer, _)| signer == person);
    let after = Person { deactivated_at: Some(tx.now()), ..before.clone() };
    save(tx, actor.workspace, &before, after)?;
    end_sessions(tx, actor.workspace, person)?;
    audit_log::append(tx, actor, AuditAction::PersonDeactivated, Some(person.0), Changes::none())?;
    sync_status(tx, actor.workspace, &before)?;
    if signs { setting::notify_signer_missing(tx, actor.workspace, person) } else { Ok(()) }
}

/// Restores somebody's access; they must sign in again. Idempotent.
///
/// # Errors
/// `NotFound`; `Forbidden` if staff reactivate an internal user.
pub fn reactivate(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let before = manageable(tx, actor, person)?;
    if before.deactivated_at.is_none() {
        return Ok(());
    }
    let after = Person { deactivated_at: None, ..before.clone() };
    save(tx, actor.workspace, &before, after)?;
    audit_log::append(tx, actor, AuditAction::PersonReactivated, Some(person.0), Changes::none())?;
    sync_status(tx, actor.workspace, &before)
}

pub(crate) fn end_sessions(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let ended: Vec<SessionId> = tx.all(
        "UPDATE sessions SET ended_at = $3 WHERE workspace = $1 AND person = $2 AND ended_at IS NULL RETURNING id",
        &[&workspace, &person, &tx.now()],
        |row| row.get(0),
    )?;
    for session in ended {
        journal::record(tx, workspace, &Event::SessionEnded { session, person });
    }
    Ok(())
}

/// Updates the channel members, and the titles of groups, which consist of their client users' names (C9).
fn sync_status(tx: &mut Tx, workspace: WorkspaceId, person: &Person) -> Result<()> {
    members::sync_members(tx, workspace, Scope::Person(person.id))?;
    if person.role.is_internal() {
        return Ok(());
    }
    journal::record(tx, workspace, &Event::ClientUpdated { client: person.id });
    channel::renamed(tx, workspace, person.id.0)
}
