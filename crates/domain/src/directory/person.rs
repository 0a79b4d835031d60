//! A person, internal or client user: their row, name and status.
//!
//! `administration` changes people: `profile` what they change themselves, `clients` and `team` what others change.
//! Whatever affects access takes the directory lock first and syncs the members of channels in the same transaction
//! (C3).

use store::{Reader, Time, Tx};

use crate::kernel::access::{Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::custom_fields::CustomFields;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::kernel::name::Name;
use crate::kernel::where_builder::searchable;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Person {
        pub id: PersonId = "p.id",
        pub role: Role = "p.role",
        pub name: Name = "p.given_name, p.family_name, p.email",
        /// `+` and digits (E.164).
        pub phone: Option<String> = "p.phone",
        /// As the IANA database names it.
        pub time_zone: Option<String> = "p.time_zone",
        /// Set for internal users who see assigned companies only.
        pub limited_at: Option<Time> = "p.limited_at",
        /// How they were added: `setUp`, `internalUser`, `directSignUp`, `client` or `api`.
        pub made_by: String = "p.made_by",
        /// The latest invitation.
        pub invited_at: Option<Time> = "p.invited_at",
        /// The first sign-in.
        pub first_seen_at: Option<Time> = "p.first_seen_at",
        pub last_seen_at: Option<Time> = "p.last_seen_at",
        pub deactivated_at: Option<Time> = "p.deactivated_at",
        pub created_at: Time = "p.created_at",
        pub updated_at: Time = "p.updated_at",
        /// Added by API clients; for client users only.
        pub custom_fields: CustomFields = "p.custom_fields",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Never invited.
    NotInvited,
    /// Invited, but has not signed in yet.
    Invited,
    Active,
    Deactivated,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::NotInvited => "notInvited",
            Status::Invited => "invited",
            Status::Active => "active",
            Status::Deactivated => "deactivated",
        }
    }
}

/// The `made_by` of people invited by a client user. The view `readers` uses the same word.
pub(crate) const BY_COLLEAGUE: &str = "client";

impl Person {
    /// Whether a client user invited them and they have not signed in yet: until then they are in no conversation of
    /// their company (S2).
    pub fn is_expected(&self) -> bool {
        self.made_by == BY_COLLEAGUE && self.first_seen_at.is_none()
    }

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

/// For the person `p`.
pub(crate) const COLUMNS: &str = Person::COLUMNS;

pub(crate) fn find(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Person> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.id = $2 AND p.deleted_at IS NULL"
    );
    reader.first(&sql, &[&workspace, &person], |row| row.read())?.ok_or(Error::NotFound)
}

/// Finds people by address, deactivated ones included. Checks no access: for signing in and the command line only.
pub fn by_email(reader: &Reader, workspace: WorkspaceId, email: &str) -> Result<Option<Person>> {
    let sql = format!("SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.email_key = $2");
    Ok(reader.first(&sql, &[&workspace, &limits::normalize(&searchable(email))], |row| row.read())?)
}

/// A person's name, without an access check: the router of events decides who receives it.
pub fn display_name(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Name>> {
    Ok(reader.first(
        "SELECT given_name, family_name, email FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| row.read(),
    )?)
}

/// People's names, for the audit log.
pub(crate) fn names(reader: &Reader, workspace: WorkspaceId, people: &[PersonId]) -> Result<String> {
    let mut names = Vec::with_capacity(people.len());
    for person in people.iter().take(limits::NAMES_KEPT) {
        names.extend(display_name(reader, workspace, *person)?.map(|name| name.full()));
    }
    names.sort();
    Ok(names.join(", "))
}

pub(crate) fn email_is_free(
    reader: &Reader,
    workspace: WorkspaceId,
    of: Option<PersonId>,
    email: &str,
) -> Result<()> {
    let holder = by_email(reader, workspace, email)?.map(|person| person.id);
    if holder.is_none() || holder == of { Ok(()) } else { Err(Error::field("email", Problem::Taken)) }
}

pub(crate) fn new(now: Time, role: Role, name: Name, made_by: &str) -> Person {
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

pub(crate) fn insert(tx: &Tx, workspace: WorkspaceId, person: &Person) -> Result<()> {
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
            &limits::normalize(&person.name.email),
            &person.phone,
            &person.limited_at,
            &person.made_by,
            &person.created_at,
            &person.custom_fields,
        ],
    )?;
    Ok(())
}

/// The actor's own row.
///
/// # Errors
/// `NotFound` if they were deleted.
pub fn profile(reader: &Reader, actor: &Actor) -> Result<Person> {
    find(reader, actor.workspace, actor.person)
}
