//! Projects: create, list, read, change and delete.

use axum::Json;
use domain::administration::projects::{self, ProjectInput};
use domain::directory::projects::Project as Found;
use domain::directory::{self, person};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CompanyId, PersonId, ProjectId};
use serde::Serialize;
use store::Reader;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, WholeBody};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::schemas::{self, bodies};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/projects", make)
        .get("/v1/projects", list)
        .get("/v1/projects/{id}", show)
        .patch("/v1/projects/{id}", change)
        .delete("/v1/projects/{id}", delete)
}

/// A project: a piece of work with its own client users and internal users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    id: ProjectId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    title: String,
    company_id: Option<CompanyId>,
    client_ids: Vec<PersonId>,
    internal_user_ids: Vec<PersonId>,
    archived_at: Option<schemas::Time>,
}

impl Project {
    fn read(reader: &Reader, actor: &Actor, found: Found) -> error::Result<Project> {
        let people = directory::projects::people_of(reader, actor, found.id)?;
        let (internals, clients): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|person| person.role.is_internal());
        let ids = |people: Vec<person::Person>| people.into_iter().map(|person| person.id).collect();
        Ok(Project {
            id: found.id,
            object: "project",
            created_at: time(found.created_at),
            updated_at: time(found.updated_at),
            title: found.title,
            company_id: found.company,
            client_ids: ids(clients),
            internal_user_ids: ids(internals),
            archived_at: found.archived_at.map(time),
        })
    }

    pub(crate) fn find(reader: &Reader, actor: &Actor, id: ProjectId) -> error::Result<Project> {
        let found = directory::projects::find(reader, actor, id)?;
        Project::read(reader, actor, found)
    }
}

bodies! {
    /// A project to be made.
    NewProject {
        title: schemas::Name,
        /// The company it is for.
        company_id: Option<schemas::IdOrEmpty>,
        /// The client users on it. Naming clients of different companies is also saying that they may meet here.
        client_ids: Option<schemas::Ids>,
        /// The internal users on it; without any, the admin who made the key.
        internal_user_ids: Option<schemas::Ids>,
    }

    /// What changes about a project. What is left out stays.
    changes ChangedProject {
        title: schemas::Name,
        company_id: Option<schemas::IdOrEmpty>,
        /// The client users on it from now on. Naming clients of different companies is also saying that they may meet here.
        client_ids: schemas::Ids,
        /// The internal users on it from now on.
        internal_user_ids: schemas::OneOrMoreIds,
        /// Archives the project, or brings it back.
        is_archived: bool,
    }
}

/// Make a project
#[utoipa::path(post, path = "/v1/projects", tag = "Projects", request_body = NewProject,
    responses((status = 200, body = Project)))]
async fn make(call: Call, WholeBody(Body { given, canonical }): WholeBody<ProjectInput>) -> Result {
    let project = ProjectInput { confirmed: true, ..given };
    call.run(&canonical, move |tx, actor| projects::add(tx, actor, &project), Project::find).await
}

/// List projects
///
/// The newest first, archived ones too.
#[utoipa::path(get, path = "/v1/projects", tag = "Projects", params(PageQuery),
    responses((status = 200, body = List<Project>)))]
async fn list(call: Call, page: Page) -> Result<Json<List<Project>>> {
    call.list(Of::Projects, page, directory::projects::newest, |project| project.id.0, Project::read).await
}

/// Get a project
#[utoipa::path(get, path = "/v1/projects/{id}", tag = "Projects", responses((status = 200, body = Project)))]
async fn show(call: Call, PathParam(id): PathParam<ProjectId>) -> Result<Json<Project>> {
    call.read(move |reader, actor| Project::find(reader, actor, id)).await
}

/// Change a project
///
/// Its channel is renamed with it; who comes or goes joins or leaves the channel at once.
#[utoipa::path(patch, path = "/v1/projects/{id}", tag = "Projects", request_body = ChangedProject,
    responses((status = 200, body = Project)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<ProjectId>,
    Body { given, .. }: Body<ProjectInput>,
) -> Result<Json<Project>> {
    call.write(move |tx, actor| {
        projects::edit(tx, actor, id, &ProjectInput { confirmed: true, ..given })?;
        Project::find(tx, actor, id)
    })
    .await
}

/// Delete a project
///
/// Its client users are no longer on it; its conversation stays readable for the internal users on it.
#[utoipa::path(delete, path = "/v1/projects/{id}", tag = "Projects", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<ProjectId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "project", move |tx, actor| projects::delete(tx, actor, id)).await
}
