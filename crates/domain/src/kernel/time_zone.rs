//! Time zones by the names of the IANA database.

use crate::kernel::error::{Error, Problem, Result};

/// A time zone under the name that its database gives it, or nothing where none was given.
pub(crate) fn time_zone(name: &str) -> Result<Option<String>> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(None);
    }
    // The database that comes with the program: what is a time zone does not depend on the machine.
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown());
    let known = zone.and_then(|zone| zone.iana_name().map(str::to_string));
    known.map(Some).ok_or(Error::field("timeZone", Problem::NoTimeZone))
}
