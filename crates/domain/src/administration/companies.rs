//! Adding, changing, assigning and deleting companies. Each takes the directory lock.

use serde::Deserialize;
use store::Tx;

use crate::administration::clients;
use crate::channels::channel;
use crate::channels::members::{self, Scope};
use crate::directory::companies::{Company, by_name, find, related};
use crate::directory::company_rows::{delete_assignment, insert_assignment, insert_whole};
use crate::directory::{person, team};
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::custom_fields::Fields;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{CompanyId, PersonId};
use crate::kernel::journal::{self, Event};
use crate::kernel::patch::{Input, Patch, clearable};
use crate::kernel::{limits, lock, web_address};

/// Assigns an internal user to a company, or removes the assignment. It matters only while their access is limited.
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
    lock::lock_directory(tx, actor.workspace)?;
    access::company(tx, actor, company)?;
    team::internal(tx, actor, person)?;
    if assigned {
        insert_assignment(tx, actor.workspace, company, person)?;
    } else {
        delete_assignment(tx, actor.workspace, company, person)?;
    }
    let name = person::display_name(tx, actor.workspace, person)?.map(|name| name.full()).unwrap_or_default();
    let changes = Changes::none().note(if assigned { "assigned" } else { "unassigned" }, name);
    audit_log::append(tx, actor, AuditAction::CompanyAssigned, Some(company.0), changes)?;
    members::sync_members(tx, actor.workspace, Scope::Person(person))
}

/// What is said about a company, to add or to change one. All but the name is said by API clients only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CompanyInput {
    pub name: Patch<String>,
    /// Address of its icon; empty for none.
    #[serde(deserialize_with = "clearable")]
    pub icon_image_url: Patch<String>,
    /// For example `#9bbfff`; empty for the color derived from its id.
    #[serde(deserialize_with = "clearable")]
    pub fallback_color: Patch<String>,
    pub custom_fields: Patch<Fields>,
}

impl Input for CompanyInput {
    const REQUIRED: &'static str = "name";
}

impl CompanyInput {
    fn named(name: &str) -> CompanyInput {
        CompanyInput { name: name.to_string().into(), ..CompanyInput::default() }
    }

    fn apply(&self, before: Company) -> Result<Company> {
        let url = |url: &String| match url.trim() {
            "" => Ok(None),
            _ => web_address::address("iconImageUrl", url).map(Some),
        };
        let line = |name: &String| limits::validate_line("name", name, limits::NAME_CHARACTERS);
        Ok(Company {
            name: self.name.checked(before.name, line)?,
            icon_url: self.icon_image_url.checked(before.icon_url, url)?,
            color: self
                .fallback_color
                .checked(before.color, |color| limits::validate_color("fallbackColor", color))?,
            custom_fields: before.custom_fields.changed(&self.custom_fields)?,
            ..before
        })
    }
}

/// Adds a company. Actors with limited access are assigned to the companies they add.
///
/// # Errors
/// `NotFound` for client users; `Field`, also for a name in use.
pub fn add(tx: &mut Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    add_with(tx, actor, &CompanyInput::named(name))
}

/// As [`add`], with all that an API client may give.
pub fn add_with(tx: &mut Tx, actor: &Actor, company: &CompanyInput) -> Result<CompanyId> {
    access::internal(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    company.name.required(CompanyInput::REQUIRED)?;
    let company = company.apply(Company::new(tx.now(), String::new()))?;
    if by_name(tx, actor.workspace, &company.name)?.is_some() {
        return Err(Error::field("name", Problem::Taken));
    }
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

/// Renames a company and thereby its channel (C2). Naming a placeholder turns it into a real company.
///
/// # Errors
/// `NotFound`; `Field`, also for a name in use.
pub fn rename(tx: &mut Tx, actor: &Actor, company: CompanyId, name: &str) -> Result<()> {
    edit(tx, actor, company, &CompanyInput::named(name))
}

/// Changes a company.
///
/// # Errors
/// As [`rename`].
pub fn edit(tx: &mut Tx, actor: &Actor, company: CompanyId, change: &CompanyInput) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let before = find(tx, actor, company)?;
    let mut after = change.apply(before.clone())?;
    if change.name != Patch::Keep
        && by_name(tx, actor.workspace, &after.name)?.is_some_and(|holder| holder != company)
    {
        return Err(Error::field("name", Problem::Taken));
    }
    if before == after {
        return Ok(());
    }
    let is_renamed = before.name != after.name;
    after.placeholder_at = before.placeholder_at.filter(|_| !is_renamed);
    let key = after.placeholder_at.is_none().then(|| limits::normalize(&after.name));
    tx.run(
        "UPDATE companies SET name = $3, name_key = $4, placeholder_at = $5, icon_url = $6, color = $7, \
         custom_fields = $8, updated_at = $9 WHERE workspace = $1 AND id = $2",
        &[
            &actor.workspace,
            &company,
            &after.name,
            &key,
            &after.placeholder_at,
            &after.icon_url,
            &after.color,
            &after.custom_fields,
            &tx.now(),
        ],
    )?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let changes = Changes::none()
        .field("name", &before.name, &after.name)
        .field("iconImageUrl", text(&before.icon_url), text(&after.icon_url))
        .field("fallbackColor", text(&before.color), text(&after.color));
    audit_log::append_change(tx, actor, AuditAction::CompanyChanged, Some(company.0), changes)?;
    journal::record(tx, actor.workspace, &Event::CompanyUpdated { company });
    if is_renamed { channel::renamed(tx, actor.workspace, company.0) } else { Ok(()) }
}

/// Deletes a company. Its client users leave it, and one left without a company gets a placeholder. Its channel is
/// archived and stays readable for the internal users who could read it.
pub fn delete(tx: &mut Tx, actor: &Actor, company: CompanyId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::company(tx, actor, company)?;
    let clients = related(tx, actor, "company_clients", company)?;
    tx.run(
        "UPDATE projects SET company = NULL WHERE workspace = $1 AND company = $2",
        &[&actor.workspace, &company],
    )?;
    // A NULL key frees the name for another company.
    tx.run(
        "UPDATE companies SET deleted_at = $3, name_key = NULL WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &company, &tx.now()],
    )?;
    for client in clients {
        clients::leave_company(tx, actor, client.id, company)?;
    }
    channel::archive_with_company(tx, actor.workspace, company)?;
    audit_log::append(tx, actor, AuditAction::CompanyDeleted, Some(company.0), Changes::none())?;
    journal::record(tx, actor.workspace, &Event::CompanyDeleted { company });
    Ok(())
}
