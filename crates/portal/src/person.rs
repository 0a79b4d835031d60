//! The person whom an email address on the command line names.

use domain::directory::person;
use domain::kernel::access::{self, Actor};
use domain::tenant::workspaces;
use store::Reader;

use crate::error::{Error, Result};

/// The active person with an address, in any workspace; `host` picks one if people of several workspaces have it.
pub(crate) fn find(reader: &Reader, email: &str, host: Option<&str>) -> Result<Actor> {
    let workspaces = match host {
        Some(host) => workspaces::by_host(reader, host)?.into_iter().collect(),
        None => workspaces::all(reader)?,
    };
    if workspaces.is_empty() {
        return Err(Error::refused(
            "this portal is not set up yet: run `portal init`, or open the link that `portal serve` prints",
        ));
    }
    let mut found = Vec::new();
    for workspace in workspaces {
        if let Some(person) = person::by_email(reader, workspace.id, email)?
            && let Some(actor) = access::actor(reader, workspace.id, person.id)?
        {
            found.push(actor);
        }
    }
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(Error::refused(format!("nobody here who can sign in has the address {email}"))),
        _ => Err(Error::refused(format!(
            "people of several workspaces have the address {email}: say which with --host"
        ))),
    }
}
