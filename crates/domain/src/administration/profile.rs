//! What people change about themselves, under Profile.

use store::Tx;

use crate::administration::save_person::{changes, save};
use crate::directory::person::profile;
use crate::kernel::access::{Actor, Role};
use crate::kernel::audit_log::{self, AuditAction};
use crate::kernel::error::Result;
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;
use crate::kernel::lock::lock_directory;
use crate::kernel::name::changed_name;
use crate::kernel::time_zone::time_zone;
use crate::notify::text_deliveries;

/// Changes people make about themselves; `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct SelfChange {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// Empty for none.
    pub phone: Option<String>,
    /// IANA name; empty for none.
    pub time_zone: Option<String>,
}

/// Changes the actor's name, phone number and time zone.
///
/// # Errors
/// `Field`.
pub fn edit_self(tx: &mut Tx, actor: &Actor, change: &SelfChange) -> Result<()> {
    lock_directory(tx, actor.workspace)?;
    let before = profile(tx, actor)?;
    let mut after = before.clone();
    after.name = changed_name(&before.name, &change.given_name, &change.family_name, &None)?;
    if let Some(number) = &change.phone {
        after.phone = limits::validate_phone("phone", number)?;
    }
    if let Some(name) = &change.time_zone {
        after.time_zone = time_zone(name)?;
    }
    let changes = changes(&before, &after);
    if save(tx, actor.workspace, &before, after)? && actor.role == Role::Client {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client: actor.person });
    }
    if change.time_zone.is_some() {
        text_deliveries::expedite_texts(tx, actor.workspace, actor.person)?;
    }
    audit_log::append_change(tx, actor, AuditAction::PersonChanged, Some(actor.person.0), changes)
}
