//! Deleting people: they can no longer sign in, are removed from all lists, and their address can be used again. Their
//! messages stay, under their name, for those who may read them.

use store::Tx;

use crate::administration::clients::leave_groups;
use crate::administration::deactivation::end_sessions;
use crate::administration::projects;
use crate::administration::save_person::save;
use crate::administration::team::keep_an_admin;
use crate::channels::channel;
use crate::channels::members::{self, Scope};
use crate::directory::person::{Person, find};
use crate::directory::{companies, company_rows, team};
use crate::identity::sign_ups;
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::{limits, lock};

/// Deletes a client user: erases address, phone number and time zone, and archives their channel, which stays readable
/// for the internal users who could read it.
pub fn delete_client(tx: &mut Tx, actor: &Actor, client: PersonId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let person = find(tx, actor.workspace, client)?;
    for company in companies::all_of(tx, actor.workspace, client)? {
        leave_groups(tx, actor.workspace, company, client)?;
    }
    // Company memberships stay, because they decide which internal users with limited access can still read the channel.
    company_rows::forget_placeholder(tx, actor.workspace, client)?;
    close(tx, actor.workspace, &person)?;
    channel::archive_with_subject(tx, actor.workspace, client.0)?;
    tx.run(
        "UPDATE people SET email = '', phone = NULL, time_zone = NULL WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &client],
    )?;
    tx.run(
        "DELETE FROM import_lines WHERE workspace = $1 AND email_key = $2",
        &[&actor.workspace, &limits::normalize(&person.name.email)],
    )?;
    sign_ups::forget(tx, actor.workspace, client, &person.name.email)?;
    journal::record(tx, actor.workspace, &Event::ClientDeleted { client });
    audit_log::append(tx, actor, AuditAction::PersonDeleted, Some(client.0), Changes::none())
}

/// Deletes an internal user. Their API keys stop working.
///
/// # Errors
/// `NotFound`, `Forbidden` for staff, `Field` for the last active admin.
pub fn delete_internal(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let person = team::internal(tx, actor, person)?;
    keep_an_admin(tx, actor.workspace, &person)?;
    close(tx, actor.workspace, &person)?;
    audit_log::append(tx, actor, AuditAction::PersonDeleted, Some(person.id.0), Changes::none())
}

fn close(tx: &mut Tx, workspace: WorkspaceId, person: &Person) -> Result<()> {
    let deactivated_at = person.deactivated_at.or(Some(tx.now()));
    save(tx, workspace, person, Person { deactivated_at, ..person.clone() })?;
    end_sessions(tx, workspace, person.id)?;
    projects::leave_all(tx, workspace, person.id)?;
    // No address contains a colon: nobody can sign in with this key, and the real address becomes available.
    let nobody = format!("deleted:{}", person.id);
    tx.run(
        "UPDATE people SET deleted_at = $3, email_key = $4 WHERE workspace = $1 AND id = $2",
        &[&workspace, &person.id, &tx.now(), &nobody],
    )?;
    members::sync_members(tx, workspace, Scope::Person(person.id))
}
