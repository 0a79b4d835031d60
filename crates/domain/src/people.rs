//! People: internal users and client users, what they are called and whether they can sign in.
//!
//! Here stands what holds for everybody; `myself` has what people do about themselves, `clients` what internal users do with
//! client users, `team` what admins do with internal users. Whatever changes who may see what makes the members of channels
//! follow in the same transaction (C3), and takes the workspace's `turn` first.

mod clients;
mod deleting;
mod myself;
mod name;
mod newest;
mod team;

use store::{Reader, Row, Time, Tx};

use crate::access::{Actor, Role};
use crate::custom_fields::CustomFields;
use crate::error::{Error, Problem, Result};
use crate::ids::{PersonId, WorkspaceId};
use crate::records::Changes;
use crate::{bounces, channels, limits, sign_ins};

pub use clients::{
    ClientChange, ClientFilter, NewClient, Place, add_client, client, clients, companies_of, edit_client,
    ordered_companies,
};
pub(crate) use clients::{add_colleague, add_newcomer, begin_conversations, leave_company};
pub use deleting::{delete_client, delete_internal};
pub use myself::{SelfChange, edit_self, myself};
pub use name::Name;
pub use newest::{ClientSearch, clients_newest, internals_newest};
pub(crate) use team::manageable;
pub use team::{
    InternalChange, NewInternal, add_internal, assignments, deactivate, edit_internal, internal,
    internal_users, reactivate,
};

/// An internal user or a client user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// What they are.
    pub role: Role,
    /// What they are called, and their address.
    pub name: Name,
    /// Their telephone number: `+` and digits.
    pub phone: Option<String>,
    /// Their time zone, as the IANA database names it.
    pub time_zone: Option<String>,
    /// Internal users: since when they see assigned companies only.
    pub limited_at: Option<Time>,
    /// How they came here: `setUp`, `internalUser`, `directSignUp`, `client` or `api`.
    pub made_by: String,
    /// When they were last invited.
    pub invited_at: Option<Time>,
    /// When they first signed in.
    pub first_seen_at: Option<Time>,
    /// When they were last here.
    pub last_seen_at: Option<Time>,
    /// Since when they can no longer sign in.
    pub deactivated_at: Option<Time>,
    /// When they were made.
    pub created_at: Time,
    /// When something of this was last changed by somebody.
    pub updated_at: Time,
    /// What programs have added (client users).
    pub custom_fields: CustomFields,
}

/// How far somebody has come on their way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has invited them yet.
    NotInvited,
    /// Invited, and not here yet.
    Invited,
    /// Has signed in.
    Active,
    /// Can no longer sign in.
    Deactivated,
}

impl Status {
    /// The word that the API uses.
    pub fn word(self) -> &'static str {
        match self {
            Status::NotInvited => "notInvited",
            Status::Invited => "invited",
            Status::Active => "active",
            Status::Deactivated => "deactivated",
        }
    }
}

/// `made_by` of somebody whom a client user invited. The view `readers` asks for it, too.
pub(crate) const BY_COLLEAGUE: &str = "client";

impl Person {
    /// Whether a client user invited them and they have not come in yet: until then they are in no conversation of their
    /// company (S3).
    pub fn is_expected(&self) -> bool {
        self.made_by == BY_COLLEAGUE && self.first_seen_at.is_none()
    }

    /// How far they have come on their way in.
    pub fn status(&self) -> Status {
        if self.deactivated_at.is_some() {
            Status::Deactivated
        } else if self.first_seen_at.is_some() {
            Status::Active
        } else if self.invited_at.is_some() {
            Status::Invited
        } else {
            Status::NotInvited
        }
    }
}

/// The columns of [`Person`], for the person `p`.
pub(crate) const COLUMNS: &str = "p.id, p.role, p.given_name, p.family_name, p.email, p.phone, p.time_zone, \
     p.limited_at, p.made_by, p.invited_at, p.first_seen_at, p.last_seen_at, p.deactivated_at, p.created_at, p.updated_at, \
     p.custom_fields";

pub(crate) fn read(row: &Row<'_>) -> store::Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        role: row.get(1)?,
        name: Name::read(row, 2)?,
        phone: row.get(5)?,
        time_zone: row.get(6)?,
        limited_at: row.get(7)?,
        made_by: row.get(8)?,
        invited_at: row.get(9)?,
        first_seen_at: row.get(10)?,
        last_seen_at: row.get(11)?,
        deactivated_at: row.get(12)?,
        created_at: row.get(13)?,
        updated_at: row.get(14)?,
        custom_fields: row.get(15)?,
    })
}

fn find(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Person> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.id = $2 AND p.deleted_at IS NULL"
    );
    reader.first(&sql, &[&workspace, &person], read)?.ok_or(Error::NotFound)
}

/// Whoever has an address, deactivated people too. For signing in and the command line, not for those who ask.
///
/// # Errors
/// Where the database cannot be read.
pub fn by_email(reader: &Reader, workspace: WorkspaceId, email: &str) -> Result<Option<Person>> {
    let sql = format!("SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.email_key = $2");
    Ok(reader.first(&sql, &[&workspace, &limits::key(&searchable(email))], read)?)
}

/// What somebody is called, for those who carry news; who hears of it is decided where it is routed.
///
/// # Errors
/// Where the database cannot be read.
pub fn called(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Name>> {
    Ok(reader.first(
        "SELECT given_name, family_name, email FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| Name::read(row, 0),
    )?)
}

/// What people are called, for the records.
pub(crate) fn names(reader: &Reader, workspace: WorkspaceId, people: &[PersonId]) -> Result<String> {
    let mut names = Vec::with_capacity(people.len());
    for person in people.iter().take(limits::NAMES_KEPT) {
        names.extend(called(reader, workspace, *person)?.map(|name| name.full()));
    }
    names.sort();
    Ok(names.join(", "))
}

/// A person as one who asks; nothing where they are not there or deactivated.
///
/// # Errors
/// Where the database cannot be read.
pub fn actor(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Actor>> {
    Ok(reader.first(
        "SELECT role, limited_at FROM people WHERE workspace = $1 AND id = $2 AND deactivated_at IS NULL",
        &[&workspace, &person],
        |row| Ok(Actor::new(workspace, person, row.get(0)?, row.get::<Option<Time>>(1)?.is_some())),
    )?)
}

/// Makes the admin with whom a workspace begins.
///
/// # Errors
/// `Field`.
pub fn first_admin(
    tx: &mut Tx,
    workspace: WorkspaceId,
    given_name: &str,
    family_name: &str,
    email: &str,
) -> Result<PersonId> {
    turn(tx, workspace)?;
    let name = name_of(given_name, family_name, email)?;
    email_is_free(tx, workspace, None, &name.email)?;
    let person = new(tx.now(), Role::Admin, name, "setUp");
    insert(tx, workspace, &person)?;
    Ok(person.id)
}

/// What is another value about a person, for the records.
fn changes(before: &Person, after: &Person) -> Changes {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Changes::none()
        .field("name", before.name.full(), after.name.full())
        .field("email", &before.name.email, &after.name.email)
        .field("phone", text(&before.phone), text(&after.phone))
        .field("timeZone", text(&before.time_zone), text(&after.time_zone))
        .field("role", before.role.word(), after.role.word())
        .switch("limited", before.limited_at.is_some(), after.limited_at.is_some())
}

/// Waits until nobody else changes people, companies or projects of a workspace; nobody else does until the end of
/// the transaction. What is checked here is then still so when it is done: names and addresses that are free, an
/// admin who remains, members who follow.
pub(crate) fn turn(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    // A row that is changed is held to the end of the transaction. SQLite has one writer anyway.
    tx.run("UPDATE workspaces SET updated_at = updated_at WHERE id = $1", &[&workspace])?;
    Ok(())
}

/// Checks a name and an address. One of the names must be there.
pub(crate) fn name_of(given_name: &str, family_name: &str, email: &str) -> Result<Name> {
    let given = limits::optional_line("givenName", given_name, limits::NAME_CHARACTERS)?;
    let family = limits::optional_line("familyName", family_name, limits::NAME_CHARACTERS)?;
    if limits::is_blank(&given) && limits::is_blank(&family) {
        return Err(Error::field("givenName", Problem::Empty));
    }
    Ok(Name { given, family, email: limits::email("email", email)? })
}

fn changed_name(
    before: &Name,
    given_name: &Option<String>,
    family_name: &Option<String>,
    email: &Option<String>,
) -> Result<Name> {
    name_of(
        given_name.as_ref().unwrap_or(&before.given),
        family_name.as_ref().unwrap_or(&before.family),
        email.as_ref().unwrap_or(&before.email),
    )
}

fn email_is_free(reader: &Reader, workspace: WorkspaceId, of: Option<PersonId>, email: &str) -> Result<()> {
    let holder = by_email(reader, workspace, email)?.map(|person| person.id);
    if holder.is_none() || holder == of { Ok(()) } else { Err(Error::field("email", Problem::Taken)) }
}

fn new(now: Time, role: Role, name: Name, made_by: &str) -> Person {
    Person {
        id: PersonId::new(now),
        role,
        name,
        phone: None,
        time_zone: None,
        limited_at: None,
        made_by: made_by.to_string(),
        invited_at: None,
        first_seen_at: None,
        last_seen_at: None,
        deactivated_at: None,
        created_at: now,
        updated_at: now,
        custom_fields: CustomFields::default(),
    }
}

fn insert(tx: &Tx, workspace: WorkspaceId, person: &Person) -> Result<()> {
    tx.run(
        "INSERT INTO people (workspace, id, role, given_name, family_name, email, email_key, phone, limited_at, \
         made_by, created_at, updated_at, custom_fields) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)",
        &[
            &workspace,
            &person.id,
            &person.role.word(),
            &person.name.given,
            &person.name.family,
            &person.name.email,
            &limits::key(&person.name.email),
            &person.phone,
            &person.limited_at,
            &person.made_by,
            &person.created_at,
            &person.custom_fields,
        ],
    )?;
    Ok(())
}

/// Keeps what was changed about a person, and says whether anything was; another name is told at once (C2).
fn save(tx: &mut Tx, workspace: WorkspaceId, before: &Person, after: Person) -> Result<bool> {
    if *before == after {
        return Ok(false);
    }
    tx.run(
        "UPDATE people SET role = $3, given_name = $4, family_name = $5, email = $6, email_key = $7, phone = $8, \
         time_zone = $9, limited_at = $10, deactivated_at = $11, updated_at = $12, custom_fields = $13 \
         WHERE workspace = $1 AND id = $2",
        &[
            &workspace,
            &after.id,
            &after.role.word(),
            &after.name.given,
            &after.name.family,
            &after.name.email,
            &limits::key(&after.name.email),
            &after.phone,
            &after.time_zone,
            &after.limited_at,
            &after.deactivated_at,
            &tx.now(),
            &after.custom_fields,
        ],
    )?;
    if before.name != after.name {
        channels::renamed(tx, workspace, after.id.0)?;
    }
    // What lies in the old address's mail, or in that of somebody who lost access, must not open the door.
    let is_moved = limits::key(&before.name.email) != limits::key(&after.name.email);
    if is_moved {
        bounces::address_changed(tx, workspace, after.id)?;
    }
    if is_moved || (before.deactivated_at.is_none() && after.deactivated_at.is_some()) {
        sign_ins::call_off(tx, workspace, after.id)?;
    }
    Ok(true)
}

/// What is not there for the one who asks is a problem of the field that names it.
pub(crate) fn at_field(field: &'static str, problem: Problem, found: Result<()>) -> Result<()> {
    found.map_err(|error| match error {
        Error::NotFound => Error::field(field, problem),
        other => other,
    })
}

/// What somebody types to find something, without what no name has and cut to a length that a name can have.
pub(crate) fn searchable(text: &str) -> String {
    let characters = text.trim().chars().filter(|character| !character.is_control());
    characters.take(2 * limits::NAME_CHARACTERS).collect()
}

/// A pattern for `LIKE … ESCAPE '!'` that finds a text anywhere; an empty text finds everything.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in searchable(text).chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
