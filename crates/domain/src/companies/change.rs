//! What changes about companies: made, renamed, deleted, joined and left.

use store::{Time, Tx};

use super::{Company, by_name, find, placeholder_of, related};
use crate::access::{self, Actor};
use crate::custom_fields::CustomFields;
use crate::error::{Error, Problem, Result};
use crate::ids::{CompanyId, PersonId, WorkspaceId};
use crate::journal::{self, Event};
use crate::records::{self, Changes, Deed};
use crate::{channels, files, limits, people};

/// What a program adds to a company, and changes of it; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Where its picture is; empty for none.
    pub icon_url: Option<String>,
    /// Its colour, such as `#9bbfff`; empty for the one made from its id.
    pub color: Option<String>,
    /// Its custom fields from now on.
    pub custom_fields: Option<CustomFields>,
}

/// Makes a company. Who makes one with limited access is assigned to it.
///
/// # Errors
/// `NotFound` for client users; `Field`, also for a name in use.
pub fn add(tx: &mut Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    add_with(tx, actor, name, &Details::default())
}

/// Makes a company with what a program adds to it.
///
/// # Errors
/// As [`add`].
pub fn add_with(tx: &mut Tx, actor: &Actor, name: &str, details: &Details) -> Result<CompanyId> {
    access::internal(actor)?;
    people::turn(tx, actor.workspace)?;
    let name = limits::line("name", name, limits::NAME_CHARACTERS)?;
    if by_name(tx, actor.workspace, &name)?.is_some() {
        return Err(Error::field("name", Problem::Taken));
    }
    let company = detailed(Company::new(tx.now(), name), details)?;
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

/// Renames a company, and its channel with it (C2). A placeholder becomes a company by its first name.
///
/// # Errors
/// `NotFound`; `Field`, also for a name in use.
pub fn rename(tx: &mut Tx, actor: &Actor, company: CompanyId, name: &str) -> Result<()> {
    edit(tx, actor, company, Some(name), &Details::default())
}

/// Changes a company's name, where one is given, and details.
///
/// # Errors
/// As [`rename`].
pub fn edit(
    tx: &mut Tx,
    actor: &Actor,
    company: CompanyId,
    name: Option<&str>,
    details: &Details,
) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let before = find(tx, actor, company)?;
    let mut after = detailed(before.clone(), details)?;
    if let Some(name) = name {
        after.name = limits::line("name", name, limits::NAME_CHARACTERS)?;
        if by_name(tx, actor.workspace, &after.name)?.is_some_and(|holder| holder != company) {
            return Err(Error::field("name", Problem::Taken));
        }
    }
    if before == after {
        return Ok(());
    }
    let is_renamed = before.name != after.name;
    after.placeholder_at = before.placeholder_at.filter(|_| !is_renamed);
    let key = after.placeholder_at.is_none().then(|| limits::key(&after.name));
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
    records::keep_change(tx, actor, Deed::CompanyChanged, Some(company.0), changes)?;
    journal::record(tx, actor.workspace, &Event::CompanyUpdated { company });
    if is_renamed { channels::renamed(tx, actor.workspace, company.0) } else { Ok(()) }
}

fn detailed(mut company: Company, details: &Details) -> Result<Company> {
    if let Some(url) = &details.icon_url {
        let url = Some(url).filter(|url| !url.trim().is_empty());
        company.icon_url = url.map(|url| files::address("iconImageUrl", url)).transpose()?;
    }
    if let Some(color) = &details.color {
        company.color = limits::color("fallbackColor", color)?;
    }
    if let Some(fields) = &details.custom_fields {
        company.custom_fields = fields.clone();
    }
    Ok(company)
}

/// Deletes a company: its client users belong to it no more, and one who is left without a company gets a placeholder. Its
/// channel is archived and stays readable for the internal users who could read it.
///
/// # Errors
/// `NotFound`.
pub fn delete(tx: &mut Tx, actor: &Actor, company: CompanyId) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    access::company(tx, actor, company)?;
    let clients = related(tx, actor, "company_clients", company)?;
    tx.run(
        "UPDATE projects SET company = NULL WHERE workspace = $1 AND company = $2",
        &[&actor.workspace, &company],
    )?;
    // No name is empty: the company's own is free again.
    tx.run(
        "UPDATE companies SET deleted_at = $3, name_key = NULL WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &company, &tx.now()],
    )?;
    for client in clients {
        people::leave_company(tx, actor, client.id, company)?;
    }
    channels::put_away_of_company(tx, actor.workspace, company)?;
    records::keep(tx, actor, Deed::CompanyDeleted, Some(company.0), Changes::none())?;
    journal::record(tx, actor.workspace, &Event::CompanyDeleted { company });
    Ok(())
}

impl Company {
    fn new(now: Time, name: String) -> Company {
        Company {
            id: CompanyId::new(now),
            name,
            placeholder_at: None,
            created_at: now,
            updated_at: now,
            icon_url: None,
            color: None,
            custom_fields: CustomFields::default(),
        }
    }
}

/// Makes a company under a name that is free.
pub(crate) fn insert(tx: &mut Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    let company = Company::new(tx.now(), name.to_string());
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

/// Makes what stands in for the company of a client user who has none.
pub(crate) fn insert_placeholder(tx: &mut Tx, actor: &Actor) -> Result<CompanyId> {
    let now = tx.now();
    let company = Company { placeholder_at: Some(now), ..Company::new(now, String::new()) };
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

fn insert_whole(tx: &mut Tx, actor: &Actor, company: &Company) -> Result<()> {
    let key = company.placeholder_at.is_none().then(|| limits::key(&company.name));
    tx.run(
        "INSERT INTO companies (workspace, id, name, name_key, placeholder_at, icon_url, color, custom_fields, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        &[
            &actor.workspace,
            &company.id,
            &company.name,
            &key,
            &company.placeholder_at,
            &company.icon_url,
            &company.color,
            &company.custom_fields,
            &company.created_at,
        ],
    )?;
    if actor.limited {
        insert_assignment(tx, actor.workspace, company.id, actor.person)?;
    }
    journal::record(tx, actor.workspace, &Event::CompanyCreated { company: company.id });
    if company.placeholder_at.is_some() {
        return Ok(());
    }
    let changes = Changes::none().note("name", &company.name);
    records::keep(tx, actor, Deed::CompanyAdded, Some(company.id.0), changes)
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
        "INSERT INTO company_clients (workspace, company, person, since, place) \
         SELECT p.workspace, $2, p.id, CAST($4 AS BIGINT), (SELECT coalesce(max(k.place), 0) + 1 FROM company_clients k \
         WHERE k.workspace = $1 AND k.person = $3) FROM people p WHERE p.workspace = $1 AND p.id = $3 \
         ON CONFLICT DO NOTHING",
        &[&workspace, &company, &client, &tx.now()],
    )?;
    Ok(())
}

/// Puts a client user's companies into an order: the first is the main one.
pub(crate) fn place(tx: &Tx, workspace: WorkspaceId, client: PersonId, order: &[CompanyId]) -> Result<()> {
    for (place, company) in (1_i64..).zip(order) {
        tx.run(
            "UPDATE company_clients SET place = $4 WHERE workspace = $1 AND company = $2 AND person = $3",
            &[&workspace, company, &client, &place],
        )?;
    }
    Ok(())
}

/// Takes a client user out of a company; a placeholder goes with them. Whoever calls this makes the members follow.
pub(crate) fn leave(tx: &mut Tx, workspace: WorkspaceId, company: CompanyId, client: PersonId) -> Result<()> {
    if placeholder_of(tx, workspace, client)? == Some(company) {
        forget_placeholder(tx, workspace, client)?;
    }
    tx.run(
        "DELETE FROM company_clients WHERE workspace = $1 AND company = $2 AND person = $3",
        &[&workspace, &company, &client],
    )?;
    Ok(())
}

/// Deletes what stands in for a client user's company, where something does.
pub(crate) fn forget_placeholder(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    let Some(company) = placeholder_of(tx, workspace, client)? else { return Ok(()) };
    // A project may have been put under it.
    tx.run(
        "UPDATE projects SET company = NULL WHERE workspace = $1 AND company = $2",
        &[&workspace, &company],
    )?;
    tx.run(
        "UPDATE companies SET deleted_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &company, &tx.now()],
    )?;
    journal::record(tx, workspace, &Event::CompanyDeleted { company });
    Ok(())
}
