//! People: internal users and client users, what they are called and whether they can sign in.
//!
//! Here stands what holds for everybody; `myself` has what people do about themselves, `clients` what internal users do with
//! client users, `team` what admins do with internal users. Whatever changes who may see what makes the members of channels
//! follow in the same transaction (C3), and takes the workspace's `turn` first.

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
    /// An internal user or a client user.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Person {
        pub id: PersonId = "p.id",
        pub role: Role = "p.role",
        /// What they are called, and their address.
        pub name: Name = "p.given_name, p.family_name, p.email",
        /// Their telephone number: `+` and digits.
        pub phone: Option<String> = "p.phone",
        /// Their time zone, as the IANA database names it.
        pub time_zone: Option<String> = "p.time_zone",
        /// Internal users: since when they see assigned companies only.
        pub limited_at: Option<Time> = "p.limited_at",
        /// How they came here: `setUp`, `internalUser`, `directSignUp`, `client` or `api`.
        pub made_by: String = "p.made_by",
        /// When they were last invited.
        pub invited_at: Option<Time> = "p.invited_at",
        /// When they first signed in.
        pub first_seen_at: Option<Time> = "p.first_seen_at",
        /// When they were last here.
        pub last_seen_at: Option<Time> = "p.last_seen_at",
        /// Since when they can no longer sign in.
        pub deactivated_at: Option<Time> = "p.deactivated_at",
        /// When they were made.
        pub created_at: Time = "p.created_at",
        /// When something of this was last changed by somebody.
        pub updated_at: Time = "p.updated_at",
        /// What programs have added (client users).
        pub custom_fields: CustomFields = "p.custom_fields",
    }
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
pub(crate) const COLUMNS: &str = Person::COLUMNS;

pub(crate) fn find(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Person> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.id = $2 AND p.deleted_at IS NULL"
    );
    reader.first(&sql, &[&workspace, &person], |row| row.read())?.ok_or(Error::NotFound)
}

/// Whoever has an address, deactivated people too. For signing in and the command line, not for those who ask.
pub fn by_email(reader: &Reader, workspace: WorkspaceId, email: &str) -> Result<Option<Person>> {
    let sql = format!("SELECT {COLUMNS} FROM people p WHERE p.workspace = $1 AND p.email_key = $2");
    Ok(reader.first(&sql, &[&workspace, &limits::normalize(&searchable(email))], |row| row.read())?)
}

/// What somebody is called, for those who carry news; who hears of it is decided where it is routed.
pub fn display_name(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Name>> {
    Ok(reader.first(
        "SELECT given_name, family_name, email FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| row.read(),
    )?)
}

/// What people are called, for the records.
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

/// The one who asks.
///
/// # Errors
/// `NotFound` where they are not there any more.
pub fn profile(reader: &Reader, actor: &Actor) -> Result<Person> {
    find(reader, actor.workspace, actor.person)
}
