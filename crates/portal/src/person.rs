//! Who is meant by an address on the command line.

use domain::directory::person;
use domain::kernel::access::{self, Actor};
use domain::tenant::workspaces;
use store::Reader;

use crate::error::{Error, Result};

/// The active person of an address, in whichever workspace knows it; `host` says which one is meant where several do.
///
/// # Errors
/// Where there is no workspace, nobody active has the address, or people of several workspaces do.
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
