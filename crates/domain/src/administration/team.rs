//! Adding and changing internal users, and deactivating and reactivating anybody.

use store::{Reader, Tx};

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
use crate::kernel::name::{changed_name, name_of};

#[derive(Clone, Debug)]
pub struct NewInternal {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub role: Role,
    /// Whether they see only the companies they are assigned to.
    pub limited: bool,
    /// The companies they are assigned to.
    pub companies: Vec<CompanyId>,
}

/// # Errors
/// `NotFound` for client users, `Forbidden` for staff; `Field`.
pub fn add_internal(tx: &mut Tx, actor: &Actor, internal: &NewInternal) -> Result<PersonId> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let name = name_of(&internal.given_name, &internal.family_name, &internal.email)?;
    let role = internal_role(internal.role)?;
    let assigned = companies::open(tx, actor, "companyAccessList", &internal.companies)?;
    email_is_free(tx, actor.workspace, None, &name.email)?;

    let limited_at = internal.limited.then(|| tx.now());
    let person = Person { limited_at, ..new(tx.now(), role, name, "internalUser") };
    insert(tx, actor.workspace, &person)?;
    for company in assigned {
        company_rows::insert_assignment(tx, actor.workspace, company, person.id)?;
    }
    members::sync_members(tx, actor.workspace, Scope::Person(person.id))?;
    let changes = Changes::none().note("email", &person.name.email).note("role", role.word());
    audit_log::append(tx, actor, AuditAction::PersonAdded, Some(person.id.0), changes)?;
    Ok(person.id)
}

/// Changes to an internal user; `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct InternalChange {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub email: Option<String>,
    pub role: Option<Role>,
    /// Whether they see only the companies they are assigned to.
    pub limited: Option<bool>,
    /// Replaces their assignments, except to companies the actor cannot see.
    pub companies: Option<Vec<CompanyId>>,
}

/// Changes an internal user. Access they lose ends at once (C3).
///
/// # Errors
/// `NotFound`; `Forbidden` for staff; `Field`, also if no active admin would be left.
pub fn edit_internal(tx: &mut Tx, actor: &Actor, person: PersonId, change: &InternalChange) -> Result<()> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let before = internal(tx, actor, person)?;
    let mut after = before.clone();
    after.name = changed_name(&before.name, &change.given_name, &change.family_name, &change.email)?;
    if let Some(role) = change.role {
        after.role = internal_role(role)?;
    }
    if let Some(limited) = change.limited {
        after.limited_at = limited.then(|| before.limited_at.unwrap_or(tx.now()));
    }
    email_is_free(tx, actor.workspace, Some(person), &after.name.email)?;
    if after.role != Role::Admin {
        keep_an_admin(tx, actor.workspace, &before)?;
    }
    let current = companies::assigned_to_person(tx, actor.workspace, person)?;
    let mut assigned = current.clone();
    if let Some(wanted) = &change.companies {
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
