//! Finds projects and the people on them.

use store::{Reader, Time};
use uuid::Uuid;

use crate::directory::person::Person;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CompanyId, PersonId, ProjectId};
use crate::kernel::where_builder::{self, WhereBuilder};

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Project {
        pub id: ProjectId = "j.id",
        pub title: String = "j.title",
        pub company: Option<CompanyId> = "j.company",
        pub archived_at: Option<Time> = "j.archived_at",
        pub created_at: Time = "j.created_at",
        pub updated_at: Time = "j.updated_at",
    }
}

const COLUMNS: &str = Project::COLUMNS;

/// A project that the actor may see.
pub fn find(reader: &Reader, actor: &Actor, project: ProjectId) -> Result<Project> {
    access::project(reader, actor, project)?;
    let sql = format!("SELECT {COLUMNS} FROM projects j WHERE j.workspace = $1 AND j.id = $2");
    reader.first(&sql, &[&actor.workspace, &project], |row| row.read())?.ok_or(Error::NotFound)
}

/// Restricts a list of projects.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    /// Text in the title; empty for all.
    pub text: String,
    /// Include archived ones.
    pub archived: bool,
    /// The title and id of the last project on the previous page.
    pub after: Option<(String, ProjectId)>,
}

/// The projects that the actor may see, by title and id.
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
    let (text, title) = (where_builder::pattern(&filter.text), where_builder::searchable(&title));
    let params: [&dyn store::Param; 7] =
        [&actor.workspace, &actor.limit(), &actor.person, &text, &title, &id, &most];
    Ok(reader.all(&sql, &params, |row| row.read())?)
}

/// The projects that the actor may see, archived ones included, newest first; optionally those created before
/// `before`.
///
/// # Errors
/// `NotFound` for client users.
pub fn newest(reader: &Reader, actor: &Actor, before: Option<ProjectId>, most: i64) -> Result<Vec<Project>> {
    access::internal(actor)?;
    let limit = actor.limit();
    let mut wanted = WhereBuilder::new(access::SEES_PROJECT, &[&actor.workspace, &limit, &actor.person]);
    wanted.and_if("j.id < ?", &before);
    let most = wanted.bind(&most);
    let sql = format!(
        "SELECT {COLUMNS} FROM projects j WHERE j.workspace = $1 AND {} ORDER BY j.id DESC LIMIT {most}",
        wanted.sql()
    );
    Ok(reader.all(&sql, wanted.params(), |row| row.read())?)
}

/// The people on a project, deactivated ones included: client users first, then by given name, family name and id.
pub fn people_of(reader: &Reader, actor: &Actor, project: ProjectId) -> Result<Vec<Person>> {
    access::project(reader, actor, project)?;
    let sql = format!(
        "SELECT {} FROM project_people o JOIN people p ON p.workspace = o.workspace AND p.id = o.person \
         WHERE o.workspace = $1 AND o.project = $2 ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, \
         lower(p.given_name), lower(p.family_name), p.id",
        Person::COLUMNS
    );
    Ok(reader.all(&sql, &[&actor.workspace, &project], |row| row.read())?)
}

/// The projects that a person is on and the actor may see, by title and id.
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
    Ok(reader.all(&sql, &[&actor.workspace, &actor.limit(), &actor.person, &person], |row| row.read())?)
}
