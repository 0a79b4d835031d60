//! Internal users: the firm's own people. Invitations and deactivation are in
//! `internal_user_access`.

use axum::Json;
use domain::administration::deletion;
use domain::administration::team::{self, InternalInput};
use domain::arrival::invitations;
use domain::directory;
use domain::directory::people_list;
use domain::directory::person::Person;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CompanyId, PersonId};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, WholeBody};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::person_access::PersonObject;
use crate::api::query;
use crate::api::schemas::{self, bodies};
use crate::http::avatars;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/internal-users", make)
        .get("/v1/internal-users", list)
        .get("/v1/internal-users/{id}", show)
        .patch("/v1/internal-users/{id}", change)
        .delete("/v1/internal-users/{id}", delete)
}

/// An internal user: one of the firm's own people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InternalUser {
    id: PersonId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    given_name: String,
    family_name: String,
    email: String,
    /// `admin` or `staff`.
    role: &'static str,
    /// `notInvited`, `invited`, `active` or `deactivated`.
    status: &'static str,
    fallback_color: String,
    avatar_image_url: Option<String>,
    /// Whether they see the companies of `companyAccessList` only, with their client users.
    is_client_access_limited: bool,
    company_access_list: Vec<CompanyId>,
}

impl PersonObject for InternalUser {
    fn person(reader: &Reader, actor: &Actor, id: PersonId) -> error::Result<Person> {
        directory::team::internal(reader, actor, id)
    }

    fn read(reader: &Reader, actor: &Actor, person: Person) -> error::Result<InternalUser> {
        Ok(InternalUser {
            id: person.id,
            object: "internalUser",
            created_at: time(person.created_at),
            updated_at: time(person.updated_at),
            role: person.role.word(),
            status: person.status().word(),
            fallback_color: avatars::color(person.id.0).to_string(),
            avatar_image_url: None,
            is_client_access_limited: person.limited_at.is_some(),
            company_access_list: directory::team::assignments(reader, actor, person.id)?,
            given_name: person.name.given,
            family_name: person.name.family,
            email: person.name.email,
        })
    }
}

/// What an internal user may be.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a description only")]
enum InternalRole {
    Admin,
    Staff,
}

/// Whether the call also invites.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Inviting {
    /// Sends an invitation.
    #[param(value_type = Option<bool>)]
    send_invite: Option<String>,
}

bodies! {
    /// An internal user to be made. One of the names must be there.
    NewInternalUser {
        given_name: Option<schemas::Line>,
        family_name: Option<schemas::Line>,
        email: schemas::Email,
        /// `staff` where nothing is said.
        role: Option<InternalRole>,
        is_client_access_limited: Option<bool>,
        company_access_list: Option<schemas::Ids>,
    }

    /// What changes about an internal user. What is left out stays.
    changes ChangedInternalUser {
        given_name: schemas::Line,
        family_name: schemas::Line,
        email: schemas::Email,
        role: InternalRole,
        is_client_access_limited: bool,
        company_access_list: schemas::Ids,
    }
}

/// Make an internal user
#[utoipa::path(post, path = "/v1/internal-users", tag = "Internal users", params(Inviting),
    request_body = NewInternalUser, responses((status = 200, body = InternalUser)))]
async fn make(
    call: Call,
    Query(inviting): Query<Inviting>,
    WholeBody(Body { given, canonical }): WholeBody<InternalInput>,
) -> Result {
    let invited = query::flag("sendInvite", &inviting.send_invite)?.unwrap_or(false);
    let change = move |tx: &mut Tx, actor: &Actor| {
        let id = team::add_internal(tx, actor, &given)?;
        if invited {
            invitations::invite(tx, actor, id)?;
        }
        Ok(id)
    };
    call.run(&canonical, change, InternalUser::find).await
}

/// List internal users
///
/// The newest first.
#[utoipa::path(get, path = "/v1/internal-users", tag = "Internal users", params(PageQuery),
    responses((status = 200, body = List<InternalUser>)))]
async fn list(call: Call, page: Page) -> Result<Json<List<InternalUser>>> {
    let find = people_list::internals_newest;
    call.list(Of::InternalUsers, page, find, |person| person.id.0, InternalUser::read).await
}

/// Get an internal user
#[utoipa::path(get, path = "/v1/internal-users/{id}", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn show(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<InternalUser>> {
    call.read(move |reader, actor| InternalUser::find(reader, actor, id)).await
}

/// Change an internal user
///
/// What they may no longer see is closed to them at once.
#[utoipa::path(patch, path = "/v1/internal-users/{id}", tag = "Internal users", params(Inviting),
    request_body = ChangedInternalUser, responses((status = 200, body = InternalUser)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Query(inviting): Query<Inviting>,
    Body { given, .. }: Body<InternalInput>,
) -> Result<Json<InternalUser>> {
    let invited = query::flag("sendInvite", &inviting.send_invite)?.unwrap_or(false);
    call.write(move |tx, actor| {
        team::edit_internal(tx, actor, id, &given)?;
        if invited {
            invitations::invite(tx, actor, id)?;
        }
        InternalUser::find(tx, actor, id)
    })
    .await
}

/// Delete an internal user
///
/// They can no longer sign in, and the keys that they made are good for nothing. The last active admin is not deleted.
#[utoipa::path(delete, path = "/v1/internal-users/{id}", tag = "Internal users",
    responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "internalUser", move |tx, actor| deletion::delete_internal(tx, actor, id)).await
}
