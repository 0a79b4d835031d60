//! Finds client companies, their client users, and the internal users assigned to them.
//!
//! A client user without a company has a placeholder: a company without name or channel, for that person alone,
//! deleted when they leave it.

use store::{Reader, Time};
use uuid::Uuid;

use crate::directory::person::Person;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::custom_fields::CustomFields;
use crate::kernel::error::{self, Error, Problem, Result};
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::kernel::where_builder::{self, WhereBuilder};

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Company {
        pub id: CompanyId = "c.id",
        /// Empty for a placeholder.
        pub name: String = "c.name",
        /// Set for placeholders.
        pub placeholder_at: Option<Time> = "c.placeholder_at",
        pub created_at: Time = "c.created_at",
        pub updated_at: Time = "c.updated_at",
        /// The address of its picture, set and shown by API clients.
        pub icon_url: Option<String> = "c.icon_url",
        /// `None` for the color derived from its id.
        pub color: Option<String> = "c.color",
        pub custom_fields: CustomFields = "c.custom_fields",
    }
}

const COLUMNS: &str = Company::COLUMNS;

/// A company that the actor may see.
pub fn find(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Company> {
    access::company(reader, actor, company)?;
    let sql = format!("SELECT {COLUMNS} FROM companies c WHERE c.workspace = $1 AND c.id = $2");
    reader.first(&sql, &[&actor.workspace, &company], |row| row.read())?.ok_or(Error::NotFound)
}

/// Restricts a list of companies.
#[derive(Clone, Debug, Default)]
pub struct CompanyFilter {
    /// Text in the name; empty for all.
    pub text: String,
    /// Include placeholders. They come first, having no name.
    pub placeholders: bool,
    /// The name and id of the last company on the previous page.
    pub after: Option<(String, CompanyId)>,
}

/// The companies that the actor may see, by name and id.
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
    let (text, name) = (
        limits::normalize(&where_builder::pattern(&filter.text)),
        limits::normalize(&where_builder::searchable(&name)),
    );
    let params: [&dyn store::Param; 7] =
        [&actor.workspace, &actor.limit(), &actor.person, &text, &name, &id, &most];
    Ok(reader.all(&sql, &params, |row| row.read())?)
}

/// Restricts an API client's list of companies; `None` for no restriction.
#[derive(Clone, Debug, Default)]
pub struct CompanySearch {
    pub name: Option<String>,
    /// Only placeholders, or only others.
    pub placeholder: Option<bool>,
    /// Only those created before this one.
    pub before: Option<CompanyId>,
}

/// The companies that the actor may see, newest first.
///
/// # Errors
/// `NotFound` for client users.
pub fn newest(reader: &Reader, actor: &Actor, search: &CompanySearch, most: i64) -> Result<Vec<Company>> {
    access::internal(actor)?;
    let (limit, name) = (actor.limit(), search.name.as_deref().map(limits::normalize));
    let mut wanted = WhereBuilder::new(access::SEES_COMPANY, &[&actor.workspace, &limit, &actor.person]);
    wanted.and_if("c.name_key = ?", &name);
    let placeholder = search.placeholder.map(i64::from);
    wanted.and_if("CASE WHEN c.placeholder_at IS NULL THEN 0 ELSE 1 END = ?", &placeholder);
    wanted.and_if("c.id < ?", &search.before);
    let most = wanted.bind(&most);
    let sql = format!(
        "SELECT {COLUMNS} FROM companies c WHERE c.workspace = $1 AND {} ORDER BY c.id DESC LIMIT {most}",
        wanted.sql()
    );
    Ok(reader.all(&sql, wanted.params(), |row| row.read())?)
}

/// The client users of a company, deactivated ones included, by given name, family name and id.
pub fn clients_of(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Vec<Person>> {
    access::company(reader, actor, company)?;
    related(reader, actor, "company_clients", company)
}

/// The internal users assigned to a company, by given name, family name and id.
pub fn assigned_to(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<Vec<Person>> {
    access::company(reader, actor, company)?;
    related(reader, actor, "company_assignments", company)
}

pub(crate) fn related(
    reader: &Reader,
    actor: &Actor,
    table: &str,
    company: CompanyId,
) -> Result<Vec<Person>> {
    let sql = format!(
        "SELECT {} FROM {table} k JOIN people p ON p.workspace = k.workspace AND p.id = k.person \
         WHERE k.workspace = $1 AND k.company = $2 AND p.deleted_at IS NULL ORDER BY lower(p.given_name), lower(p.family_name), p.id",
        Person::COLUMNS
    );
    Ok(reader.all(&sql, &[&actor.workspace, &company], |row| row.read())?)
}

/// Deduplicates a list of companies after checking that the actor may see all of them.
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
        error::at_field(field, Problem::Unknown, access::company(reader, actor, *company))?;
        if !found.contains(company) {
            found.push(*company);
        }
    }
    Ok(found)
}

pub(crate) fn sees(reader: &Reader, actor: &Actor, company: CompanyId) -> Result<bool> {
    match access::company(reader, actor, company) {
        Ok(()) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Names are unique within a workspace, regardless of case.
pub(crate) fn by_name(reader: &Reader, workspace: WorkspaceId, name: &str) -> Result<Option<CompanyId>> {
    Ok(reader.first(
        "SELECT id FROM companies WHERE workspace = $1 AND name_key = $2",
        &[&workspace, &limits::normalize(name)],
        |row| row.get(0),
    )?)
}

/// The names of companies, for the audit log.
pub(crate) fn names(reader: &Reader, workspace: WorkspaceId, companies: &[CompanyId]) -> Result<String> {
    let mut names: Vec<String> = Vec::with_capacity(companies.len());
    for company in companies.iter().take(limits::NAMES_KEPT) {
        let sql = "SELECT name FROM companies WHERE workspace = $1 AND id = $2";
        names.extend(reader.first(sql, &[&workspace, company], |row| row.get(0))?);
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    Ok(names.join(", "))
}

/// The names of a client user's companies, for the audit log.
pub(crate) fn names_of(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<String> {
    names(reader, workspace, &all_of(reader, workspace, client)?)
}

/// All companies of a client user without any access check, the main one first.
pub(crate) fn all_of(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<Vec<CompanyId>> {
    Ok(reader.all(
        "SELECT company FROM company_clients WHERE workspace = $1 AND person = $2 ORDER BY place, since, company",
        &[&workspace, &client],
        |row| row.get(0),
    )?)
}

/// A client user's placeholder, if they have no real company.
pub(crate) fn placeholder_of(
    reader: &Reader,
    workspace: WorkspaceId,
    client: PersonId,
) -> Result<Option<CompanyId>> {
    Ok(reader.first(
        "SELECT c.id FROM company_clients k JOIN companies c ON c.workspace = k.workspace AND c.id = k.company \
         WHERE k.workspace = $1 AND k.person = $2 AND c.placeholder_at IS NOT NULL AND c.deleted_at IS NULL",
        &[&workspace, &client],
        |row| row.get(0),
    )?)
}

/// The companies an internal user is assigned to, by name.
pub(crate) fn assigned_to_person(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Vec<CompanyId>> {
    Ok(reader.all(
        "SELECT c.id FROM company_assignments a JOIN companies c ON c.workspace = a.workspace AND c.id = a.company \
         WHERE a.workspace = $1 AND a.person = $2 AND c.deleted_at IS NULL ORDER BY coalesce(c.name_key, ''), c.id",
        &[&workspace, &person],
        |row| row.get(0),
    )?)
}
