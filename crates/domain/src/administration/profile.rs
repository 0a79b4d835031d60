//! What people change about themselves, under Profile.

use serde::Deserialize;
use store::Tx;

use crate::administration::save_person::{changes, save};
use crate::directory::person::{Person, profile};
use crate::kernel::access::{Actor, Role};
use crate::kernel::audit_log::{self, AuditAction};
use crate::kernel::error::Result;
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;
use crate::kernel::lock::lock_directory;
use crate::kernel::patch::Patch;
use crate::kernel::time_zone::time_zone;
use crate::notify::text_deliveries;

/// What people say about themselves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SelfInput {
    pub given_name: Patch<String>,
    pub family_name: Patch<String>,
    /// Empty for none.
    pub phone: Patch<String>,
    /// IANA name; empty for none.
    pub time_zone: Patch<String>,
}

/// Changes the actor's name, phone number and time zone.
///
/// # Errors
/// `Field`.
pub fn edit_self(tx: &mut Tx, actor: &Actor, change: &SelfInput) -> Result<()> {
    lock_directory(tx, actor.workspace)?;
    let before = profile(tx, actor)?;
    let phone = |number: &String| limits::validate_phone("phone", number);
    let after = Person {
        name: before.name.changed(&change.given_name, &change.family_name, &Patch::Keep)?,
        phone: change.phone.checked(before.phone.clone(), phone)?,
        time_zone: change.time_zone.checked(before.time_zone.clone(), |name| time_zone(name))?,
        ..before.clone()
    };
    let changes = changes(&before, &after);
    if save(tx, actor.workspace, &before, after)? && actor.role == Role::Client {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client: actor.person });
    }
    if change.time_zone != Patch::Keep {
        text_deliveries::expedite_texts(tx, actor.workspace, actor.person)?;
    }
    audit_log::append_change(tx, actor, AuditAction::PersonChanged, Some(actor.person.0), changes)
}
