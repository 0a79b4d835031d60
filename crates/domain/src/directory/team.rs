//! Finds internal users.

use store::Reader;

use crate::directory::companies;
use crate::directory::person::{COLUMNS, Person, find};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CompanyId, PersonId};

pub(crate) fn manageable(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Person> {
    access::internal(actor)?;
    let found = find(reader, actor.workspace, person)?;
    if found.role.is_internal() {
        access::admin(actor)?;
    } else {
        access::client(reader, actor, person)?;
    }
    Ok(found)
}

/// The firm's own people, deactivated ones included, by given name, family name and id.
///
/// # Errors
/// `NotFound` for client users.
pub fn internal_users(reader: &Reader, actor: &Actor) -> Result<Vec<Person>> {
    access::internal(actor)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.role <> 'client' AND p.deleted_at IS NULL \
         ORDER BY lower(p.given_name), lower(p.family_name), p.id"
    );
    Ok(reader.all(&sql, &[&actor.workspace], |row| row.read())?)
}

pub fn internal(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Person> {
    access::internal(actor)?;
    let found = find(reader, actor.workspace, person)?;
    if found.role.is_internal() { Ok(found) } else { Err(Error::NotFound) }
}

/// The companies an internal user is assigned to, as far as the actor may see them.
pub fn assignments(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Vec<CompanyId>> {
    internal(reader, actor, person)?;
    let mut assigned = companies::assigned_to_person(reader, actor.workspace, person)?;
    if actor.limited {
        let mine = companies::assigned_to_person(reader, actor.workspace, actor.person)?;
        assigned.retain(|company| mine.contains(company));
    }
    Ok(assigned)
}
