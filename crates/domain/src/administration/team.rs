//! Adding and changing internal users, and deactivating and reactivating anybody.

use serde::Deserialize;
use store::{Reader, Time, Tx};

use crate::administration::save_person::{self, save};
use crate::channels::members::{self, Scope};
use crate::directory::person::{Person, email_is_free, insert, new};
use crate::directory::team::internal;
use crate::directory::{companies, company_rows};
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::lock;
use crate::kernel::name::Name;
use crate::kernel::patch::{Input, Patch};

/// What is said about an internal user, to add or to change one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InternalInput {
    pub given_name: Patch<String>,
    pub family_name: Patch<String>,
    pub email: Patch<String>,
    /// Staff if nothing is said.
    pub role: Patch<Role>,
    /// Whether they see only the companies they are assigned to.
    pub is_client_access_limited: Patch<bool>,
    /// All the companies they are assigned to, except those that the actor cannot see.
    pub company_access_list: Patch<Vec<CompanyId>>,
}

impl Input for InternalInput {
    const REQUIRED: &'static str = "email";
}

impl InternalInput {
    fn apply(&self, before: Person, now: Time) -> Result<Person> {
        let since = before.limited_at.unwrap_or(now);
        Ok(Person {
            name: before.name.changed(&self.given_name, &self.family_name, &self.email)?,
            role: self.role.checked(before.role, |role| internal_role(*role))?,
            limited_at: self
                .is_client_access_limited
                .checked(before.limited_at, |limited| Ok(limited.then_some(since)))?,
            ..before
        })
    }
}

/// # Errors
/// `NotFound` for client users, `Forbidden` for staff; `Field`.
pub fn add_internal(tx: &mut Tx, actor: &Actor, internal: &InternalInput) -> Result<PersonId> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    internal.email.required(InternalInput::REQUIRED)?;
    let person = internal.apply(new(tx.now(), Role::Staff, Name::default(), "internalUser"), tx.now())?;
    let assigned = companies::open(tx, actor, "companyAccessList", internal.company_access_list.items())?;
    email_is_free(tx, actor.workspace, None, &person.name.email)?;

    insert(tx, actor.workspace, &person)?;
    for company in assigned {
        company_rows::insert_assignment(tx, actor.workspace, company, person.id)?;
    }
    members::sync_members(tx, actor.workspace, Scope::Person(person.id))?;
    let changes = Changes::none().note("email", &person.name.email).note("role", person.role.word());
    audit_log::append(tx, actor, AuditAction::PersonAdded, Some(person.id.0), changes)?;
    Ok(person.id)
}

/// Changes an internal user. Access they lose ends at once (C3).
///
/// # Errors
/// `NotFound`; `Forbidden` for staff; `Field`, also if no active admin would be left.
pub fn edit_internal(tx: &mut Tx, actor: &Actor, person: PersonId, change: &InternalInput) -> Result<()> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let before = internal(tx, actor, person)?;
    let after = change.apply(before.clone(), tx.now())?;
    email_is_free(tx, actor.workspace, Some(person), &after.name.email)?;
    if after.role != Role::Admin {
        keep_an_admin(tx, actor.workspace, &before)?;
    }
    let current = companies::assigned_to_person(tx, actor.workspace, person)?;
    let mut assigned = current.clone();
    if let Patch::Set(wanted) = &change.company_access_list {
        assigned = companies::open(tx, actor, "companyAccessList", wanted)?;
        for company in &current {
            if !assigned.contains(company) && !companies::sees(tx, actor, *company)? {
                assigned.push(*company);
            }
        }
    }

    let mut changes = save_person::changes(&before, &after);
    let earlier = companies::names(tx, actor.workspace, &current)?;
    changes = changes.field("companyAccessList", earlier, companies::names(tx, actor.workspace, &assigned)?);
    save(tx, actor.workspace, &before, after)?;
    audit_log::append_change(tx, actor, AuditAction::PersonChanged, Some(person.0), changes)?;
    for company in current.iter().filter(|company| !assigned.contains(company)) {
        company_rows::delete_assignment(tx, actor.workspace, *company, person)?;
    }
    for company in assigned.iter().filter(|company| !current.contains(company)) {
        company_rows::insert_assignment(tx, actor.workspace, *company, person)?;
    }
    members::sync_members(tx, actor.workspace, Scope::Person(person))
}

fn internal_role(role: Role) -> Result<Role> {
    if role.is_internal() { Ok(role) } else { Err(Error::field("role", Problem::NoChoice)) }
}

/// Refuses to remove the last active admin, since nobody could manage the workspace then. Admins whose invitation was
/// revoked do not count: they cannot sign in.
pub(crate) fn keep_an_admin(reader: &Reader, workspace: WorkspaceId, person: &Person) -> Result<()> {
    if person.role != Role::Admin || person.deactivated_at.is_some() {
        return Ok(());
    }
    let other = reader.first(
        "SELECT 1 FROM people WHERE workspace = $1 AND id <> $2 AND role = 'admin' AND deactivated_at IS NULL \
         AND uninvited_at IS NULL",
        &[&workspace, &person.id],
        |_| Ok(()),
    )?;
    other.ok_or(Error::field("role", Problem::LastAdmin))
}
