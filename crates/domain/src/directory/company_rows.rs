//! Creates companies, and adds and removes their client users and assignments, without checking access.

use store::{Time, Tx};

use crate::directory::companies::{Company, placeholder_of};
use crate::kernel::access::Actor;
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::custom_fields::CustomFields;
use crate::kernel::error::Result;
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;

impl Company {
    pub(crate) fn new(now: Time, name: String) -> Company {
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

/// The name must be free.
pub(crate) fn insert(tx: &mut Tx, actor: &Actor, name: &str) -> Result<CompanyId> {
    let company = Company::new(tx.now(), name.to_string());
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

/// Creates the placeholder for a client user without a company.
pub(crate) fn insert_placeholder(tx: &mut Tx, actor: &Actor) -> Result<CompanyId> {
    let now = tx.now();
    let company = Company { placeholder_at: Some(now), ..Company::new(now, String::new()) };
    insert_whole(tx, actor, &company)?;
    Ok(company.id)
}

pub(crate) fn insert_whole(tx: &mut Tx, actor: &Actor, company: &Company) -> Result<()> {
    let key = company.placeholder_at.is_none().then(|| limits::normalize(&company.name));
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
    audit_log::append(tx, actor, AuditAction::CompanyAdded, Some(company.id.0), changes)
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

/// Adds a client user to a company. The caller must sync the channels' members.
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

/// Sets the order of a client user's companies; the first is the main one.
pub(crate) fn place(tx: &Tx, workspace: WorkspaceId, client: PersonId, order: &[CompanyId]) -> Result<()> {
    for (place, company) in (1_i64..).zip(order) {
        tx.run(
            "UPDATE company_clients SET place = $4 WHERE workspace = $1 AND company = $2 AND person = $3",
            &[&workspace, company, &client, &place],
        )?;
    }
    Ok(())
}

/// Removes a client user from a company, deleting a placeholder. The caller must sync the channels' members.
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

/// Deletes a client user's placeholder, if they have one.
pub(crate) fn forget_placeholder(tx: &mut Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    let Some(company) = placeholder_of(tx, workspace, client)? else { return Ok(()) };
    // Projects may refer to the placeholder.
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
