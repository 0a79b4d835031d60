//! Client companies: who belongs to one, and which internal users with limited access are assigned to it.
//!
//! A client user without a company has a placeholder, which has no name and no channel, holds nobody else, and goes
//! with the last one who leaves it.

use store::{Reader, Row, Time, Tx};
use uuid::Uuid;

use crate::access::{self, Actor};
use crate::error::{Error, Problem, Result};
use crate::ids::{CompanyId, PersonId, WorkspaceId};
use crate::members::{self, Scope};
use crate::people::{self, Person};
use crate::{channels, limits};

/// A client company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its id.
    pub id: CompanyId,
    /// Its name; empty for a placeholder.
    pub name: String,
    /// Since when it stands in for a client user who has no company.
    pub placeholder_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last renamed, or made.
    pub updated_at: Time,
}

const COLUMNS: &str = "c.id, c.name, c.placeholder_at, c.created_at, c.updated_at";

fn read(row: &Row<'_>) -> store::Result<Company> {
    Ok(Company {
        id: row.get(0)?,
        name: row.get(1)?,
        placeholder_at: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

/// Makes a company. Who makes one with limited access is assigned to it.
///
/// # Errors
/// `NotFound` for client users; `Field`, also for a name in use.
pub fn add(tx: &mut Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    access::internal(actor)?;
    people::turn(tx, actor.workspace)?;
    let name = limits::line("name", name, limits::NAME_CHARACTERS)?;
    if by_name(tx, actor.workspace, &name)?.is_some() {
        return Err(Error::field("name", Problem::Taken));
    }
    insert(tx, actor, &name)
}

/// Renames a company, and its channel with it (C2). A placeholder becomes a company by its first name.
///
/// # Errors
/// `NotFound`; `Field`, also for a name in use.
pub fn rename(tx: &mut Tx, actor: &Actor, company: CompanyId, name: &str) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let before = find(tx, actor, company)?;
    let name = limits::line("name", name, limits::NAME_CHARACTERS)?;
    if by_name(tx, actor.workspace, &name)?.is_some_and(|holder| holder != company) {
        return Err(Error::field("name", Problem::Taken));
    }
    if before.name == name {
        return Ok(());
    }
    tx.run(
        "UPDATE companies SET name = $3, name_key = $4, placeholder_at = NULL, updated_at = $5 \
         WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &company, &name, &limits::key(&name), &tx.now()],
    )?;
    channels::renamed(tx, actor.workspace, company.0)
}

/// A company.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Company> {
    access::company(reader, actor, company)?;
    let sql = format!("SELECT {COLUMNS} FROM companies c WHERE c.workspace = $1 AND c.id = $2");
    reader.first(&sql, &[&actor.workspace, &company], read)?.ok_or(Error::NotFound)
}

/// Which companies a list shows.
#[derive(Clone, Debug, Default)]
pub struct CompanyFilter {
    /// Only those with this text in their name; empty for all.
    pub text: String,
    /// Placeholders too. They come first, having no name.
    pub placeholders: bool,
    /// Only those after this one: its name and id, as the page before ended with it.
    pub after: Option<(String, CompanyId)>,
}

/// The companies that the internal user who asks may see, by name and id.
///
/// # Errors
/// `NotFound` for client users.
pub fn list(reader: &Reader, actor: &Actor, filter: &CompanyFilter, most: i64) -> Result<Vec<Company>> {
    access::internal(actor)?;
    let real = if filter.placeholders { "" } else { "AND c.placeholder_at IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM companies c WHERE c.workspace = $1 AND {sees} {real} \
         AND coalesce(c.name_key, '') LIKE $4 ESCAPE '!' AND (coalesce(c.name_key, ''), c.id) > ($5, $6) \
         ORDER BY coalesce(c.name_key, ''), c.id LIMIT $7",
        sees = access::SEES_COMPANY,
    );
    let (name, id) = filter.after.clone().unwrap_or((String::new(), CompanyId(Uuid::nil())));
    let (text, name) = (limits::key(&people::pattern(&filter.text)), limits::key(&people::searchable(&name)));
    let params: [&dyn store::Param; 7] =
        [&actor.workspace, &actor.limit(), &actor.person, &text, &name, &id, &most];
    Ok(reader.all(&sql, &params, read)?)
}

/// The client users of a company, deactivated ones too, by given name, family name and id.
///
/// # Errors
/// `NotFound`.
pub fn clients_of(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Vec<Person>> {
    access::company(reader, actor, company)?;
    related(reader, actor, "company_clients", company)
}

/// The internal users who are assigned to a company, by given name, family name and id.
///
/// # Errors
/// `NotFound`.
pub fn assigned_to(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Vec<Person>> {
    access::company(reader, actor, company)?;
    related(reader, actor, "company_assignments", company)
}

fn related(reader: &Reader, actor: &Actor, table: &str, company: CompanyId) -> Result<Vec<Person>> {
    let sql = format!(
        "SELECT {} FROM {table} k JOIN people p ON p.workspace = k.workspace AND p.id = k.person \
         WHERE k.workspace = $1 AND k.company = $2 ORDER BY lower(p.given_name), lower(p.family_name), p.id",
        people::COLUMNS
    );
    Ok(reader.all(&sql, &[&actor.workspace, &company], people::read)?)
}

/// Assigns an internal user to a company, or takes that back. It counts while their access is limited.
///
/// # Errors
/// `NotFound`; `Forbidden` for staff.
pub fn assign(
    tx: &mut Tx,
    actor: &Actor,
    company: CompanyId,
    person: PersonId,
    assigned: bool,
) -> Result<()> {
    access::admin(actor)?;
    people::turn(tx, actor.workspace)?;
    access::company(tx, actor, company)?;
    people::internal(tx, actor, person)?;
    if assigned {
        insert_assignment(tx, actor.workspace, company, person)?;
    } else {
        delete_assignment(tx, actor.workspace, company, person)?;
    }
    members::follow(tx, actor.workspace, Scope::Person(person))
}

/// Companies given in a list, each once, when all of them are open to the one who asks.
pub(crate) fn open(
    reader: &Reader,
    actor: &Actor,
    field: &'static str,
    given: &[CompanyId],
) -> Result<Vec<CompanyId>> {
    if given.len() > limits::PEOPLE_AT_ONCE {
        return Err(Error::field(field, Problem::TooMany(limits::PEOPLE_AT_ONCE)));
    }
    let mut found = Vec::with_capacity(given.len());
    for company in given {
        people::at_field(field, Problem::Unknown, access::company(reader, actor, *company))?;
        if !found.contains(company) {
            found.push(*company);
        }
    }
    Ok(found)
}

/// Whether a company is there and open to the one who asks.
pub(crate) fn sees(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<bool> {
    match access::company(reader, actor, company) {
        Ok(()) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The company of a name. No other has it.
pub(crate) fn by_name(reader: &Reader, workspace: WorkspaceId, name: &str) -> Result<Option<CompanyId>> {
    Ok(reader.first(
        "SELECT id FROM companies WHERE workspace = $1 AND name_key = $2",
        &[&workspace, &limits::key(name)],
        |row| row.get(0),
    )?)
}

/// All companies of a client user, whoever asks.
pub(crate) fn all_of(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<Vec<CompanyId>> {
    Ok(reader.all(
        "SELECT company FROM company_clients WHERE workspace = $1 AND person = $2 ORDER BY since, company",
        &[&workspace, &client],
        |row| row.get(0),
    )?)
}

/// The placeholder that stands in for a client user's company.
pub(crate) fn placeholder_of(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
) -> Result<Option<CompanyId>> {
    Ok(reader.first(
        "SELECT c.id FROM company_clients k JOIN companies c ON c.workspace = k.workspace AND c.id = k.company \
         WHERE k.workspace = $1 AND k.person = $2 AND c.placeholder_at IS NOT NULL",
        &[&workspace, &client],
        |row| row.get(0),
    )?)
}

/// The companies that an internal user is assigned to, by name.
pub(crate) fn assigned_to_person(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Vec<CompanyId>> {
    Ok(reader.all(
        "SELECT c.id FROM company_assignments a JOIN companies c ON c.workspace = a.workspace AND c.id = a.company \
         WHERE a.workspace = $1 AND a.person = $2 ORDER BY coalesce(c.name_key, ''), c.id",
        &[&workspace, &person],
        |row| row.get(0),
    )?)
}

/// Makes a company under a name that is free.
pub(crate) fn insert(tx: &Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    make(tx, actor, name, Some(limits::key(name)), None)
}

/// Makes what stands in for the company of a client user who has none.
pub(crate) fn insert_placeholder(tx: &Tx, actor: &Actor) -> Result<CompanyId> {
    make(tx, actor, "", None, Some(tx.now()))
}

fn make(
    tx: &Tx,
    actor: &Actor,
    name: &str,
    key: Option<String>,
    placeholder_at: Option<Time>,
) -> Result<CompanyId> {
    let company = CompanyId::new(tx.now());
    tx.run(
        "INSERT INTO companies (workspace, id, name, name_key, placeholder_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&actor.workspace, &company, &name, &key, &placeholder_at, &tx.now()],
    )?;
    if actor.limited {
        insert_assignment(tx, actor.workspace, company, actor.person)?;
    }
    Ok(company)
}

pub(crate) fn insert_assignment(
    tx: &Tx,
    workspace: WorkspaceId,
    company: CompanyId,
    person: PersonId,
) -> Result<()> {
    tx.run(
        "INSERT INTO company_assignments (workspace, company, person, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
        &[&workspace, &company, &person, &tx.now()],
    )?;
    Ok(())
}

pub(crate) fn delete_assignment(
    tx: &Tx,
    workspace: WorkspaceId,
    company: CompanyId,
    person: PersonId,
) -> Result<()> {
    tx.run(
        "DELETE FROM company_assignments WHERE workspace = $1 AND company = $2 AND person = $3",
        &[&workspace, &company, &person],
    )?;
    Ok(())
}

/// Puts a client user into a company. Whoever calls this makes the members follow.
pub(crate) fn join(tx: &Tx, workspace: WorkspaceId, company: CompanyId, client: PersonId) -> Result<()> {
    tx.run(
        "INSERT INTO company_clients (workspace, company, person, since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
        &[&workspace, &company, &client, &tx.now()],
    )?;
    Ok(())
}

/// Takes a client user out of a company; a placeholder goes with the last one. Whoever calls this makes the members
/// follow.
pub(crate) fn leave(tx: &Tx, workspace: WorkspaceId, company: CompanyId, client: PersonId) -> Result<()> {
    tx.run(
        "DELETE FROM company_clients WHERE workspace = $1 AND company = $2 AND person = $3",
        &[&workspace, &company, &client],
    )?;
    const DESERTED: &str = "placeholder_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM company_clients k \
         WHERE k.workspace = $1 AND k.company = $2)";
    // A project may have been put under it.
    tx.run(
        &format!(
            "UPDATE projects SET company = NULL WHERE workspace = $1 AND company = $2 AND EXISTS \
             (SELECT 1 FROM companies c WHERE c.workspace = $1 AND c.id = $2 AND {DESERTED})"
        ),
        &[&workspace, &company],
    )?;
    tx.run(
        &format!("DELETE FROM companies WHERE workspace = $1 AND id = $2 AND {DESERTED}"),
        &[&workspace, &company],
    )?;
    Ok(())
}
