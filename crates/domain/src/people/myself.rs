//! What people see and change about themselves, under Profile.

use store::{Reader, Tx};

use super::{Person, changed_name, changes, find, save, turn};
use crate::access::{Actor, Role};
use crate::error::{Error, Problem, Result};
use crate::journal::{self, Event};
use crate::records::{self, Deed};
use crate::{deliveries, limits};

/// The one who asks.
///
/// # Errors
/// `NotFound` where they are not there any more.
pub fn myself(reader: &Reader, actor: &Actor) -> Result<Person> {
    find(reader, actor.workspace, actor.person)
}

/// What people change about themselves; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct SelfChange {
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Telephone number; empty for none.
    pub phone: Option<String>,
    /// Time zone, as the IANA database names it; empty for none.
    pub time_zone: Option<String>,
}

/// Changes what the one who asks is called and where they can be reached.
///
/// # Errors
/// `Field`; `NotFound` where they are not there any more.
pub fn edit_self(tx: &mut Tx, actor: &Actor, change: &SelfChange) -> Result<()> {
    turn(tx, actor.workspace)?;
    let before = myself(tx, actor)?;
    let mut after = before.clone();
    after.name = changed_name(&before.name, &change.given_name, &change.family_name, &None)?;
    if let Some(number) = &change.phone {
        after.phone = limits::phone("phone", number)?;
    }
    if let Some(name) = &change.time_zone {
        after.time_zone = time_zone(name)?;
    }
    let changes = changes(&before, &after);
    if save(tx, actor.workspace, &before, after)? && actor.role == Role::Client {
        journal::record(tx, actor.workspace, &Event::ClientUpdated { client: actor.person });
    }
    if change.time_zone.is_some() {
        deliveries::hasten_texts(tx, actor.workspace, actor.person)?;
    }
    records::keep_change(tx, actor, Deed::PersonChanged, Some(actor.person.0), changes)
}

/// A time zone under the name that its database gives it, or nothing where none was given.
fn time_zone(name: &str) -> Result<Option<String>> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(None);
    }
    // The database that comes with the program: what is a time zone does not depend on the machine.
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown());
    let known = zone.and_then(|zone| zone.iana_name().map(str::to_string));
    known.map(Some).ok_or(Error::field("timeZone", Problem::NoTimeZone))
}
