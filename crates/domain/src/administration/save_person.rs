//! Saving a changed person, and what follows from it: live pages, titles, bounces, and revoked links.

use store::Tx;

use crate::channels::channel;
use crate::directory::person::Person;
use crate::identity::sign_in_requests;
use crate::kernel::audit_log::Changes;
use crate::kernel::error::Result;
use crate::kernel::ids::WorkspaceId;
use crate::kernel::limits;
use crate::notify::bounces;

/// The difference between two versions of a person, for the audit log.
pub(crate) fn changes(before: &Person, after: &Person) -> Changes {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Changes::none()
        .field("name", before.name.full(), after.name.full())
        .field("email", &before.name.email, &after.name.email)
        .field("phone", text(&before.phone), text(&after.phone))
        .field("timeZone", text(&before.time_zone), text(&after.time_zone))
        .field("role", before.role.word(), after.role.word())
        .switch("limited", before.limited_at.is_some(), after.limited_at.is_some())
}

/// Saves a changed person and returns whether anything changed. A new name is published at once (C2).
pub(crate) fn save(tx: &mut Tx, workspace: WorkspaceId, before: &Person, after: Person) -> Result<bool> {
    if *before == after {
        return Ok(false);
    }
    tx.run(
        "UPDATE people SET role = $3, given_name = $4, family_name = $5, email = $6, email_key = $7, phone = $8, \
         time_zone = $9, limited_at = $10, deactivated_at = $11, updated_at = $12, custom_fields = $13 \
         WHERE workspace = $1 AND id = $2",
        &[
            &workspace,
            &after.id,
            &after.role.word(),
            &after.name.given,
            &after.name.family,
            &after.name.email,
            &limits::normalize(&after.name.email),
            &after.phone,
            &after.time_zone,
            &after.limited_at,
            &after.deactivated_at,
            &tx.now(),
            &after.custom_fields,
        ],
    )?;
    if before.name != after.name {
        channel::renamed(tx, workspace, after.id.0)?;
    }
    // Links and codes in the old address's mailbox, or sent to somebody who lost access, must no longer work.
    let is_moved = limits::normalize(&before.name.email) != limits::normalize(&after.name.email);
    if is_moved {
        bounces::address_changed(tx, workspace, after.id)?;
    }
    if is_moved || (before.deactivated_at.is_none() && after.deactivated_at.is_some()) {
        sign_in_requests::call_off(tx, workspace, after.id)?;
    }
    Ok(true)
}
