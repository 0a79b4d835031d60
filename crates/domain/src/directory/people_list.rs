//! Lists of people for API clients: filtered by exact values, newest first. Ids begin with the time of creation and
//! never change, so a list read page by page includes everybody once, even while people are added.

use store::Reader;

use crate::directory::person::{COLUMNS, Person};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::Result;
use crate::kernel::ids::{CompanyId, PersonId};
use crate::kernel::limits;
use crate::kernel::where_builder::WhereBuilder;

/// Restricts the list; `None` for no restriction.
#[derive(Clone, Debug, Default)]
pub struct ClientSearch {
    pub company: Option<CompanyId>,
    /// Case does not matter.
    pub email: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// Only those created before this one.
    pub before: Option<PersonId>,
}

/// The client users whom the actor may see.
///
/// # Errors
/// `NotFound` for client users.
pub fn clients_newest(
    reader: &Reader,
    actor: &Actor,
    search: &ClientSearch,
    most: i64,
) -> Result<Vec<Person>> {
    access::internal(actor)?;
    let limit = actor.limit();
    let email_key = search.email.as_ref().map(|email| limits::normalize(email));
    let begin = format!("p.role = 'client' AND {}", access::SEES_CLIENT);
    let mut wanted = WhereBuilder::new(&begin, &[&actor.workspace, &limit, &actor.person]);
    wanted.and_if(
        "EXISTS (SELECT 1 FROM company_clients k \
         WHERE k.workspace = p.workspace AND k.person = p.id AND k.company = ?)",
        &search.company,
    );
    wanted.and_if("p.email_key = ?", &email_key);
    wanted.and_if("p.given_name = ?", &search.given_name);
    wanted.and_if("p.family_name = ?", &search.family_name);
    wanted.and_if("p.id < ?", &search.before);
    newest(reader, wanted, &most)
}

/// The firm's own people.
///
/// # Errors
/// `NotFound` for client users.
pub fn internals_newest(
    reader: &Reader,
    actor: &Actor,
    before: Option<PersonId>,
    most: i64,
) -> Result<Vec<Person>> {
    access::internal(actor)?;
    let begin = "p.role <> 'client' AND p.deleted_at IS NULL";
    let mut wanted = WhereBuilder::new(begin, &[&actor.workspace]);
    wanted.and_if("p.id < ?", &before);
    newest(reader, wanted, &most)
}

fn newest<'a>(reader: &Reader, mut wanted: WhereBuilder<'a>, most: &'a i64) -> Result<Vec<Person>> {
    let place = wanted.bind(most);
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND {} ORDER BY p.id DESC LIMIT {place}",
        wanted.sql()
    );
    Ok(reader.all(&sql, wanted.params(), |row| row.read())?)
}
