//! Projects: create, list, read, change and delete.

use axum::Json;
use domain::administration::projects::{NewProject as Made, ProjectChange};
use domain::directory::person;
use domain::directory::projects::Project as Found;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CompanyId, PersonId, ProjectId};
use domain::{administration, directory};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, clearable, present};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, Emptiable, time};
use crate::api::schemas;
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
    #[schema(value_type = schemas::Id)]
    id: ProjectId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    title: String,
    #[schema(value_type = Option<schemas::Id>)]
    company_id: Option<CompanyId>,
    #[schema(value_type = Vec<schemas::Id>)]
    client_ids: Vec<PersonId>,
    #[schema(value_type = Vec<schemas::Id>)]
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

/// A project to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewProject {
    #[schema(value_type = schemas::Name)]
    title: String,
    /// The company it is for.
    #[schema(value_type = Option<schemas::IdOrEmpty>)]
    company_id: Option<Emptiable<CompanyId>>,
    /// The client users on it. Naming clients of different companies is also saying that they may meet here.
    #[schema(value_type = Option<schemas::Ids>)]
    client_ids: Option<Vec<PersonId>>,
    /// The internal users on it; without any, the admin who made the key.
    #[schema(value_type = Option<schemas::Ids>)]
    internal_user_ids: Option<Vec<PersonId>>,
}

/// Make a project
#[utoipa::path(post, path = "/v1/projects", tag = "Projects", request_body = NewProject,
    responses((status = 200, body = Project)))]
async fn make(call: Call, Body { given, canonical }: Body<NewProject>) -> Result {
    let change = move |tx: &mut Tx, actor: &Actor| {
        let project = Made {
            title: given.title,
            company: given.company_id.and_then(|id| id.0),
            clients: given.client_ids.unwrap_or_default(),
            internals: given.internal_user_ids.unwrap_or_default(),
            confirmed: true,
        };
        administration::projects::add(tx, actor, &project)
    };
    call.run(&canonical, change, Project::find).await
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

/// What changes about a project. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedProject {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::Name, required = false)]
    title: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<schemas::IdOrEmpty>)]
    company_id: Option<Option<Emptiable<CompanyId>>>,
    /// The client users on it from now on. Naming clients of different companies is also saying that they may meet here.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::Ids, required = false)]
    client_ids: Option<Vec<PersonId>>,
    /// The internal users on it from now on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::OneOrMoreIds, required = false)]
    internal_user_ids: Option<Vec<PersonId>>,
    /// Archives the project, or brings it back.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_archived: Option<bool>,
}

/// Change a project
///
/// Its channel is renamed with it; who comes or goes joins or leaves the channel at once.
#[utoipa::path(patch, path = "/v1/projects/{id}", tag = "Projects", request_body = ChangedProject,
    responses((status = 200, body = Project)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<ProjectId>,
    Body { given, .. }: Body<ChangedProject>,
) -> Result<Json<Project>> {
    call.write(move |tx, actor| {
        let change = ProjectChange {
            title: given.title,
            company: given.company_id.map(|id| id.and_then(|id| id.0)),
            clients: given.client_ids,
            internals: given.internal_user_ids,
            confirmed: true,
        };
        administration::projects::edit(tx, actor, id, &change)?;
        if let Some(is_archived) = given.is_archived {
            administration::projects::archive(tx, actor, id, is_archived)?;
        }
        Project::find(tx, actor, id)
    })
    .await
}

/// Delete a project
///
/// Its client users are no longer on it; its conversation stays readable for the internal users on it.
#[utoipa::path(delete, path = "/v1/projects/{id}", tag = "Projects", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<ProjectId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "project", move |tx, actor| administration::projects::delete(tx, actor, id)).await
}
