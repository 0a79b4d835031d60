//! Finds client users.

use serde::{Deserialize, Serialize};
use store::Reader;
use uuid::Uuid;

use crate::directory::companies;
use crate::directory::person::{COLUMNS, Person, find};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::Result;
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::where_builder::{pattern, searchable};

/// A client user whom the actor may see.
pub fn client(reader: &Reader, actor: &Actor, client: PersonId) -> Result<Person> {
    access::client(reader, actor, client)?;
    find(reader, actor.workspace, client)
}

/// Restricts a list of client users.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// Text in their name or address; empty for all.
    pub text: String,
    pub company: Option<CompanyId>,
    /// Only those after this place.
    pub after: Option<Place>,
}

/// A position in a list of client users, unaffected by additions and renames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    given_name: String,
    family_name: String,
    id: PersonId,
}

impl Place {
    /// The position after which the next page begins.
    pub fn of(person: &Person) -> Place {
        Place {
            given_name: person.name.given.clone(),
            family_name: person.name.family.clone(),
            id: person.id,
        }
    }

    fn first() -> Place {
        Place { given_name: String::new(), family_name: String::new(), id: PersonId(Uuid::nil()) }
    }
}

/// The client users whom the actor may see, by given name, family name and id.
///
/// # Errors
/// `NotFound` for client users, and for a company that the actor may not see.
pub fn clients(reader: &Reader, actor: &Actor, filter: &ClientFilter, most: i64) -> Result<Vec<Person>> {
    access::internal(actor)?;
    if let Some(company) = filter.company {
        access::company(reader, actor, company)?;
    }
    let after = filter.after.clone().unwrap_or_else(Place::first);
    let of_company = if filter.company.is_some() {
        "AND EXISTS (SELECT 1 FROM company_clients k \
         WHERE k.workspace = p.workspace AND k.person = p.id AND k.company = $9)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.role = 'client' AND {sees} {of_company} \
         AND lower(p.given_name || ' ' || p.family_name || ' ' || p.email) LIKE lower($4) ESCAPE '!' \
         AND (lower(p.given_name), lower(p.family_name), p.id) > (lower($5), lower($6), $7) \
         ORDER BY lower(p.given_name), lower(p.family_name), p.id LIMIT $8",
        sees = access::SEES_CLIENT,
    );
    let (limit, text) = (actor.limit(), pattern(&filter.text));
    let (given_name, family_name) = (searchable(&after.given_name), searchable(&after.family_name));
    let mut params: Vec<&dyn store::Param> =
        vec![&actor.workspace, &limit, &actor.person, &text, &given_name, &family_name, &after.id, &most];
    if let Some(company) = &filter.company {
        params.push(company);
    }
    Ok(reader.all(&sql, &params, |row| row.read())?)
}

/// A client user's companies that the actor may see, by name: id, name, and whether it is a placeholder.
pub fn companies_of(
    reader: &Reader,
    actor: &Actor,
    client: PersonId,
) -> Result<Vec<(CompanyId, String, bool)>> {
    access::client(reader, actor, client)?;
    let sql = format!(
        "SELECT c.id, c.name, c.placeholder_at FROM company_clients k \
         JOIN companies c ON c.workspace = k.workspace AND c.id = k.company \
         WHERE k.workspace = $1 AND k.person = $4 AND {} ORDER BY coalesce(c.name_key, ''), c.id",
        access::SEES_COMPANY
    );
    Ok(reader.all(&sql, &[&actor.workspace, &actor.limit(), &actor.person, &client], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<Option<i64>>(2)?.is_some()))
    })?)
}

/// All companies of a client user, the main one first. The caller must have checked access to the client user.
pub fn ordered_companies(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
) -> Result<Vec<CompanyId>> {
    companies::all_of(reader, workspace, client)
}
