//! Adding, changing, archiving and deleting projects.
//!
//! Clients of different companies meet only in projects, and only after an internal user confirmed the notice that they
//! will (C4). A project has no channel until somebody starts one (C5).

use serde::Deserialize;
use store::Tx;

use crate::channels::channel;
use crate::channels::members::{self, Scope};
use crate::directory::companies;
use crate::directory::company_overlap::{check_clients, check_company, check_internals};
use crate::directory::person::{self, Person};
use crate::directory::projects::{Project, find, people_of};
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{CompanyId, PersonId, ProjectId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::patch::{Input, Patch, clearable_id};
use crate::kernel::{limits, lock};

/// What is said about a project, to add or to change one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectInput {
    pub title: Patch<String>,
    #[serde(deserialize_with = "clearable_id")]
    pub company_id: Patch<Option<CompanyId>>,
    /// All client users on it.
    pub client_ids: Patch<Vec<PersonId>>,
    /// All internal users on it, at least one; on a new project, the actor if there are none.
    pub internal_user_ids: Patch<Vec<PersonId>>,
    /// For a project that is there.
    pub is_archived: Patch<bool>,
    /// Whether the actor confirmed the notice that clients of different companies will meet (C4).
    #[serde(skip)]
    pub confirmed: bool,
}

impl Input for ProjectInput {
    const REQUIRED: &'static str = "title";
}

impl ProjectInput {
    /// Clears what is left out.
    pub fn or_cleared(self) -> ProjectInput {
        ProjectInput {
            title: self.title.or_cleared(),
            company_id: self.company_id.or_cleared(),
            client_ids: self.client_ids.or_cleared(),
            internal_user_ids: self.internal_user_ids.or_cleared(),
            ..self
        }
    }
}

/// # Errors
/// `NotFound` for client users; `Field`, also if clients of different companies would meet and the actor has not confirmed
/// the notice (C4).
pub fn add(tx: &mut Tx, actor: &Actor, project: &ProjectInput) -> Result<ProjectId> {
    access::internal(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let title = project.title.required(ProjectInput::REQUIRED)?;
    let title = limits::validate_line("title", title, limits::NAME_CHARACTERS)?;
    let company = *project.company_id.or(&None);
    check_company(tx, actor, company)?;
    let clients = check_clients(tx, actor, project.client_ids.items(), &[], project.confirmed)?;
    let mut internals = check_internals(tx, actor, project.internal_user_ids.items())?;
    if internals.is_empty() {
        internals.push(actor.person);
    }

    let id = ProjectId::new(tx.now());
    tx.run(
        "INSERT INTO projects (workspace, id, title, company, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        &[&actor.workspace, &id, &title, &company, &tx.now()],
    )?;
    for person in clients.iter().chain(&internals) {
        put_on(tx, actor.workspace, id, *person)?;
    }
    journal::record(tx, actor.workspace, &Event::ProjectCreated { project: id });
    audit_log::append(
        tx,
        actor,
        AuditAction::ProjectAdded,
        Some(id.0),
        Changes::none().note("title", &title),
    )?;
    Ok(id)
}

/// Changes a project. Its channel is renamed with it (C2), and people added or removed join or leave it at once (C3).
///
/// # Errors
/// `NotFound`; `Field`, also if clients without a company in common are added and the actor has not confirmed the notice (C4).
pub fn edit(tx: &mut Tx, actor: &Actor, project: ProjectId, change: &ProjectInput) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let before = find(tx, actor, project)?;
    let current = people_of(tx, actor, project)?;
    let (internals, clients): (Vec<&Person>, Vec<&Person>) =
        current.iter().partition(|person| person.role.is_internal());
    let ids = |people: Vec<&Person>| people.into_iter().map(|person| person.id).collect::<Vec<_>>();
    let (internals, clients) = (ids(internals), ids(clients));

    let mut after = before.clone();
    let line = |title: &String| limits::validate_line("title", title, limits::NAME_CHARACTERS);
    after.title = change.title.checked(after.title, line)?;
    after.company = *change.company_id.or(&before.company);
    if after.company != before.company {
        check_company(tx, actor, after.company)?;
    }
    let wanted = |ids: &Vec<PersonId>| check_clients(tx, actor, ids, &clients, change.confirmed);
    let clients_after = change.client_ids.checked(clients.clone(), wanted)?;
    let internals_after =
        change.internal_user_ids.checked(internals.clone(), |ids| match ids.as_slice() {
            [] => Err(Error::field("internalUserIds", Problem::TooFew(1))),
            ids => check_internals(tx, actor, ids),
        })?;

    let people: Vec<PersonId> = clients.into_iter().chain(internals).collect();
    let people_after: Vec<PersonId> = clients_after.into_iter().chain(internals_after).collect();
    let is_same = people.len() == people_after.len() && people.iter().all(|one| people_after.contains(one));
    let mut changes = Changes::none().field("title", &before.title, &after.title);
    if !is_same {
        changes = changes.field(
            "people",
            person::names(tx, actor.workspace, &people)?,
            person::names(tx, actor.workspace, &people_after)?,
        );
    }
    if before.company != after.company {
        let name = |company: Option<CompanyId>| companies::names(tx, actor.workspace, company.as_slice());
        changes = changes.field("company", name(before.company)?, name(after.company)?);
    }
    audit_log::append_change(tx, actor, AuditAction::ProjectChanged, Some(project.0), changes)?;
    save(tx, actor, &before, &after, is_same)?;
    if !is_same {
        replace(tx, actor.workspace, project, &people, &people_after)?;
    }
    change.is_archived.value().map_or(Ok(()), |archived| archive(tx, actor, project, *archived))
}

/// Saves the project's row if it or its people changed.
fn save(tx: &mut Tx, actor: &Actor, before: &Project, after: &Project, people_stay: bool) -> Result<()> {
    if before == after && people_stay {
        return Ok(());
    }
    journal::record(tx, actor.workspace, &Event::ProjectUpdated { project: after.id });
    tx.run(
        "UPDATE projects SET title = $3, company = $4, archived_at = $5, updated_at = $6 \
         WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &after.id, &after.title, &after.company, &after.archived_at, &tx.now()],
    )?;
    if before.title == after.title { Ok(()) } else { channel::renamed(tx, actor.workspace, after.id.0) }
}

fn replace(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    before: &[PersonId],
    after: &[PersonId],
) -> Result<()> {
    for person in before.iter().filter(|person| !after.contains(person)) {
        tx.run(
            "DELETE FROM project_people WHERE workspace = $1 AND project = $2 AND person = $3",
            &[&workspace, &project, person],
        )?;
    }
    for person in after.iter().filter(|person| !before.contains(person)) {
        put_on(tx, workspace, project, *person)?;
    }
    match channel::of_subject(tx, workspace, project.0)? {
        Some(channel) => members::sync_members(tx, workspace, Scope::Channel(channel)),
        None => Ok(()),
    }
}

fn put_on(tx: &Tx, workspace: WorkspaceId, project: ProjectId, person: PersonId) -> Result<()> {
    tx.run(
        "INSERT INTO project_people (workspace, project, person, since) VALUES ($1, $2, $3, $4)",
        &[&workspace, &project, &person, &tx.now()],
    )?;
    Ok(())
}

/// Archives or unarchives a project. Its channel and people stay.
pub fn archive(tx: &mut Tx, actor: &Actor, project: ProjectId, archived: bool) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let before = find(tx, actor, project)?;
    let archived_at = archived.then(|| before.archived_at.unwrap_or(tx.now()));
    let changes = Changes::none().switch("archived", before.archived_at.is_some(), archived);
    audit_log::append_change(tx, actor, AuditAction::ProjectChanged, Some(project.0), changes)?;
    save(tx, actor, &before, &Project { archived_at, ..before.clone() }, true)
}

/// Deletes a project and takes its client users off it. Its channel is archived and stays readable for its internal users.
pub fn delete(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::project(tx, actor, project)?;
    tx.run(
        "UPDATE projects SET deleted_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &project, &tx.now()],
    )?;
    tx.run(
        "DELETE FROM project_people WHERE workspace = $1 AND project = $2 AND person IN \
         (SELECT p.id FROM people p WHERE p.workspace = $1 AND p.role = 'client')",
        &[&actor.workspace, &project],
    )?;
    channel::archive_with_subject(tx, actor.workspace, project.0)?;
    journal::record(tx, actor.workspace, &Event::ProjectDeleted { project });
    audit_log::append(tx, actor, AuditAction::ProjectDeleted, Some(project.0), Changes::none())
}

/// Takes a person who is being deleted off every project. The caller must sync the channel members afterwards.
pub(crate) fn leave_all(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let left: Vec<ProjectId> = tx.all(
        "DELETE FROM project_people WHERE workspace = $1 AND person = $2 RETURNING project",
        &[&workspace, &person],
        |row| row.get(0),
    )?;
    for project in left {
        journal::record(tx, workspace, &Event::ProjectUpdated { project });
    }
    Ok(())
}
