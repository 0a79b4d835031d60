//! The recipient of a mail, with the brand it comes from.

use store::Reader;

use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::tenant::brand::Brand;
use crate::tenant::workspaces::Workspace;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    pub person: PersonId,
    pub name: Name,
    pub brand_name: String,
    pub brand: Brand,
    /// The portal's host name; `None` if it answers to all names.
    pub host: Option<String>,
}

/// Returns `None` if the person is deactivated.
pub(crate) fn addressee(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<Addressee>> {
    let sql = format!(
        "SELECT p.given_name, p.family_name, p.email, {} FROM people p JOIN workspaces w ON w.id = p.workspace \
         WHERE p.workspace = $1 AND p.id = $2 AND p.deactivated_at IS NULL",
        Workspace::COLUMNS
    );
    Ok(reader.first(&sql, &[&workspace, &person], |row| {
        let (name, workspace): (Name, Workspace) = row.read()?;
        let Workspace { brand_name, brand, host, .. } = workspace;
        Ok(Addressee { person, name, brand_name, brand, host })
    })?)
}
