//! Time zones by their names in the IANA database.

use crate::kernel::error::{Error, Problem, Result};

/// A time zone's canonical name; `None` if `name` is empty.
pub(crate) fn time_zone(name: &str) -> Result<Option<String>> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(None);
    }
    // The bundled database, so the machine does not decide what a time zone is.
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown());
    let known = zone.and_then(|zone| zone.iana_name().map(str::to_string));
    known.map(Some).ok_or(Error::field("timeZone", Problem::NoTimeZone))
}
