//! Projects: a piece of work with the client users and internal users who are put on it.
//!
//! Clients of different companies meet nowhere but in a project, and there only where an internal user put them
//! together after being told so (C4). A project has no channel until somebody asks for it (C5).

mod meeting;

use store::{Reader, Row, Time, Tx};
use uuid::Uuid;

use crate::access::{self, Actor};
use crate::conditions::Conditions;
use crate::error::{Error, Problem, Result};
use crate::ids::{CompanyId, PersonId, ProjectId, WorkspaceId};
use crate::journal::{self, Event};
use crate::members::{self, Scope};
use crate::people::{self, Person};
use crate::records::{self, Changes, Deed};
use crate::{channels, companies, limits};

pub(crate) use meeting::would_meet;
use meeting::{check_clients, check_company, check_internals};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// What it is called.
    pub title: String,
    /// The company it is for, where it is for one.
    pub company: Option<CompanyId>,
    /// Since when it is archived.
    pub archived_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

const COLUMNS: &str = "j.id, j.title, j.company, j.archived_at, j.created_at, j.updated_at";

fn read(row: &Row<'_>) -> store::Result<Project> {
    Ok(Project {
        id: row.get(0)?,
        title: row.get(1)?,
        company: row.get(2)?,
        archived_at: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

/// A project about to be made.
#[derive(Clone, Debug, Default)]
pub struct NewProject {
    /// What it is called.
    pub title: String,
    /// The company it is for.
    pub company: Option<CompanyId>,
    /// The client users on it.
    pub clients: Vec<PersonId>,
    /// The internal users on it; where none is given, the one who makes it.
    pub internals: Vec<PersonId>,
    /// Whether the one who asks was told that clients of different companies meet (C4).
    pub told: bool,
}

/// Makes a project.
///
/// # Errors
/// `NotFound` for client users; `Field`, also where clients of different companies meet and nobody was told (C4).
pub fn add(tx: &mut Tx, actor: &Actor, project: &NewProject) -> Result<ProjectId> {
    access::internal(actor)?;
    people::turn(tx, actor.workspace)?;
    let title = limits::line("title", &project.title, limits::NAME_CHARACTERS)?;
    check_company(tx, actor, project.company)?;
    let clients = check_clients(tx, actor, &project.clients, &[], project.told)?;
    let mut internals = check_internals(tx, actor, &project.internals)?;
    if internals.is_empty() {
        internals.push(actor.person);
    }

    let id = ProjectId::new(tx.now());
    tx.run(
        "INSERT INTO projects (workspace, id, title, company, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        &[&actor.workspace, &id, &title, &project.company, &tx.now()],
    )?;
    for person in clients.iter().chain(&internals) {
        put_on(tx, actor.workspace, id, *person)?;
    }
    journal::record(tx, actor.workspace, &Event::ProjectCreated { project: id });
    records::keep(tx, actor, Deed::ProjectAdded, Some(id.0), Changes::none().note("title", &title))?;
    Ok(id)
}

/// What changes about a project; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// What it is called.
    pub title: Option<String>,
    /// The company it is for; nothing inside for none.
    pub company: Option<Option<CompanyId>>,
    /// The client users on it from now on.
    pub clients: Option<Vec<PersonId>>,
    /// The internal users on it from now on; at least one.
    pub internals: Option<Vec<PersonId>>,
    /// Whether the one who asks was told that clients of different companies meet (C4).
    pub told: bool,
}

/// Changes a project. Its channel is renamed with it (C2), and who comes or goes joins or leaves it at once (C3).
///
/// # Errors
/// `NotFound`; `Field`, also where clients are added that share no company and nobody was told (C4).
pub fn edit(tx: &mut Tx, actor: &Actor, project: ProjectId, change: &ProjectChange) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let before = find(tx, actor, project)?;
    let current = people_of(tx, actor, project)?;
    let (internals, clients): (Vec<&Person>, Vec<&Person>) =
        current.iter().partition(|person| person.role.is_internal());
    let ids = |people: Vec<&Person>| people.into_iter().map(|person| person.id).collect::<Vec<_>>();
    let (internals, clients) = (ids(internals), ids(clients));

    let mut after = before.clone();
    if let Some(title) = &change.title {
        after.title = limits::line("title", title, limits::NAME_CHARACTERS)?;
    }
    if let Some(company) = change.company.filter(|company| *company != before.company) {
        check_company(tx, actor, company)?;
        after.company = company;
    }
    let clients_after = match &change.clients {
        Some(wanted) => check_clients(tx, actor, wanted, &clients, change.told)?,
        None => clients.clone(),
    };
    let internals_after = match &change.internals {
        Some(wanted) if wanted.is_empty() => return Err(Error::field("internalUserIds", Problem::TooFew(1))),
        Some(wanted) => check_internals(tx, actor, wanted)?,
        None => internals.clone(),
    };

    let people: Vec<PersonId> = clients.into_iter().chain(internals).collect();
    let people_after: Vec<PersonId> = clients_after.into_iter().chain(internals_after).collect();
    let is_same = people.len() == people_after.len() && people.iter().all(|one| people_after.contains(one));
    let mut changes = Changes::none().field("title", &before.title, &after.title);
    if !is_same {
        changes = changes.field(
            "people",
            people::names(tx, actor.workspace, &people)?,
            people::names(tx, actor.workspace, &people_after)?,
        );
    }
    if before.company != after.company {
        let name = |company: Option<CompanyId>| companies::names(tx, actor.workspace, company.as_slice());
        changes = changes.field("company", name(before.company)?, name(after.company)?);
    }
    records::keep_change(tx, actor, Deed::ProjectChanged, Some(project.0), changes)?;
    save(tx, actor, &before, &after, is_same)?;
    if is_same { Ok(()) } else { replace(tx, actor.workspace, project, &people, &people_after) }
}

/// Keeps what was changed about a project, if anything was: about itself, or who is on it.
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
    if before.title == after.title { Ok(()) } else { channels::renamed(tx, actor.workspace, after.id.0) }
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
    match channels::of_subject(tx, workspace, project.0)? {
        Some(channel) => members::follow(tx, workspace, Scope::Channel(channel)),
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

/// Archives a project, or brings it back. Its channel and its people stay.
///
/// # Errors
/// `NotFound`.
pub fn archive(tx: &mut Tx, actor: &Actor, project: ProjectId, archived: bool) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let before = find(tx, actor, project)?;
    let archived_at = archived.then(|| before.archived_at.unwrap_or(tx.now()));
    let changes = Changes::none().switch("archived", before.archived_at.is_some(), archived);
    records::keep_change(tx, actor, Deed::ProjectChanged, Some(project.0), changes)?;
    save(tx, actor, &before, &Project { archived_at, ..before.clone() }, true)
}

/// Deletes a project. Its client users are no longer on it; its channel is archived and stays readable for the internal
/// users on it.
///
/// # Errors
/// `NotFound`.
pub fn delete(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<()> {
    people::turn(tx, actor.workspace)?;
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
    channels::put_away(tx, actor.workspace, project.0)?;
    journal::record(tx, actor.workspace, &Event::ProjectDeleted { project });
    records::keep(tx, actor, Deed::ProjectDeleted, Some(project.0), Changes::none())
}

/// Takes a person who is being deleted off every project. Whoever calls this makes the members follow.
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

/// A project.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, project: ProjectId) -> Result<Project> {
    access::project(reader, actor, project)?;
    let sql = format!("SELECT {COLUMNS} FROM projects j WHERE j.workspace = $1 AND j.id = $2");
    reader.first(&sql, &[&actor.workspace, &project], read)?.ok_or(Error::NotFound)
}

/// Which projects a list shows.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    /// Only those with this text in their title; empty for all.
    pub text: String,
    /// Archived ones too.
    pub archived: bool,
    /// Only those after this one: its title and id, as the page before ended with it.
    pub after: Option<(String, ProjectId)>,
}

/// The projects that the internal user who asks may see, by title and id.
///
/// # Errors
/// `NotFound` for client users.
pub fn list(reader: &Reader, actor: &Actor, filter: &ProjectFilter, most: i64) -> Result<Vec<Project>> {
    access::internal(actor)?;
    let current = if filter.archived { "" } else { "AND j.archived_at IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM projects j WHERE j.workspace = $1 AND {sees} {current} \
         AND lower(j.title) LIKE lower($4) ESCAPE '!' AND (lower(j.title), j.id) > (lower($5), $6) \
         ORDER BY lower(j.title), j.id LIMIT $7",
        sees = access::SEES_PROJECT,
    );
    let (title, id) = filter.after.clone().unwrap_or((String::new(), ProjectId(Uuid::nil())));
    let (text, title) = (people::pattern(&filter.text), people::searchable(&title));
    let params: [&dyn store::Param; 7] =
        [&actor.workspace, &actor.limit(), &actor.person, &text, &title, &id, &most];
    Ok(reader.all(&sql, &params, read)?)
}

/// The projects that the internal user who asks may see, archived ones too, newest first; those made before `before`.
///
/// # Errors
/// `NotFound` for client users.
pub fn newest(reader: &Reader, actor: &Actor, before: Option<ProjectId>, most: i64) -> Result<Vec<Project>> {
    access::internal(actor)?;
    let limit = actor.limit();
    let mut wanted = Conditions::new(access::SEES_PROJECT, &[&actor.workspace, &limit, &actor.person]);
    wanted.and_if("j.id < ?", &before);
    let most = wanted.bind(&most);
    let sql = format!(
        "SELECT {COLUMNS} FROM projects j WHERE j.workspace = $1 AND {} ORDER BY j.id DESC LIMIT {most}",
        wanted.sql()
    );
    Ok(reader.all(&sql, wanted.params(), read)?)
}

/// Who is put on a project, deactivated people too: client users first, then by given name, family name and id.
///
/// # Errors
/// `NotFound`.
pub fn people_of(reader: &Reader, actor: &Actor, project: ProjectId) -> Result<Vec<Person>> {
    access::project(reader, actor, project)?;
    let sql = format!(
        "SELECT {} FROM project_people o JOIN people p ON p.workspace = o.workspace AND p.id = o.person \
         WHERE o.workspace = $1 AND o.project = $2 ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, \
         lower(p.given_name), lower(p.family_name), p.id",
        people::COLUMNS
    );
    Ok(reader.all(&sql, &[&actor.workspace, &project], people::read)?)
}

/// The projects that somebody is put on, of those that the internal user who asks may see, by title and id.
///
/// # Errors
/// `NotFound` for client users.
pub fn of_person(reader: &Reader, actor: &Actor, person: PersonId) -> Result<Vec<Project>> {
    access::internal(actor)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM project_people m JOIN projects j ON j.workspace = m.workspace AND j.id = m.project \
         WHERE m.workspace = $1 AND m.person = $4 AND {} ORDER BY lower(j.title), j.id",
        access::SEES_PROJECT
    );
    Ok(reader.all(&sql, &[&actor.workspace, &actor.limit(), &actor.person, &person], read)?)
}
