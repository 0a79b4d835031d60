//! Completing a sign-in, once somebody has proved who they are.

use store::{Time, Tx};

use crate::administration::clients;
use crate::directory::person;
use crate::identity::sign_in_requests;
use crate::identity::sign_ups::pending_sign_up;
use crate::kernel::access::{Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, RequestId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::{limits, lock};
use crate::welcome::greeting;

/// Records a sign-in. The first one accepts the invitation or completes the sign-up, and sends a client user the welcome
/// message (W1). Returns the person who is signed in, or `None` if they are deactivated.
pub fn complete_sign_in(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<Option<PersonId>> {
    let seen: Option<Option<Time>> = tx.first(
        "SELECT first_seen_at FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| row.get(0),
    )?;
    let person = match seen {
        Some(Some(_)) => person,
        Some(None) => {
            lock::lock_directory(tx, workspace)?;
            person
        }
        None => match create_client(tx, workspace, person)? {
            Some(settled) => settled,
            None => return Ok(None),
        },
    };
    // Decided by updating the row, so that of two devices at the same instant only one is first.
    let first: Option<(Role, String)> = tx.first(
        "UPDATE people SET first_seen_at = $3, uninvited_at = NULL \
         WHERE workspace = $1 AND id = $2 AND first_seen_at IS NULL AND deactivated_at IS NULL RETURNING role, made_by",
        &[&workspace, &person, &tx.now()],
        |row| row.read(),
    )?;
    if first.is_some() {
        // The invitation is accepted: its other links must not let anybody else in.
        tx.run(
            "UPDATE sign_in_links SET used_at = $3 WHERE workspace = $1 AND person = $2 AND used_at IS NULL \
             AND kind = 'invitation'",
            &[&workspace, &person, &tx.now()],
        )?;
    }
    if let Some((Role::Client, made_by)) = first {
        journal::record(tx, workspace, &Event::ClientActivated { client: person });
        if made_by == person::BY_COLLEAGUE {
            clients::begin_conversations(tx, workspace, person)?;
        }
        greeting::greet(tx, workspace, person)?;
    }
    let arrived = tx.run(
        "UPDATE people SET last_seen_at = $3 WHERE workspace = $1 AND id = $2 AND deactivated_at IS NULL",
        &[&workspace, &person, &tx.now()],
    )?;
    Ok((arrived > 0).then_some(person))
}

/// Turns a pending sign-up with a proven address into a client user. If the address was added in the meantime, returns
/// that person instead. Takes the directory lock.
pub(crate) fn create_client(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<PersonId>> {
    lock::lock_directory(tx, workspace)?;
    let Some((name, company)) = pending_sign_up(tx, workspace, person)? else { return Ok(None) };
    tx.run("DELETE FROM newcomers WHERE workspace = $1 AND person = $2", &[&workspace, &person])?;
    if person::by_email(tx, workspace, &name.email)?.is_some() {
        return sign_in_requests::who_may(tx, workspace, &limits::normalize(&name.email));
    }
    let changes = Changes::none().note("email", &name.email).note("company", &company);
    clients::add_signed_up(tx, workspace, person, name)?;
    tx.run(
        "INSERT INTO company_requests (workspace, id, person, company_name, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[&workspace, &RequestId::new(tx.now()), &person, &company, &tx.now()],
    )?;
    let actor = Actor::new(workspace, person, Role::Client, false);
    audit_log::append(tx, &actor, AuditAction::PersonJoined, Some(person.0), changes)?;
    Ok(Some(person))
}
