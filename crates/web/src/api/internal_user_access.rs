//! Access of internal users: invited, deactivated and reactivated.

use axum::Json;
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::kernel::ids::PersonId;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::internal_users::InternalUser;
use crate::api::json::Nothing;
use crate::api::objects::Deleted;
use crate::api::person_access::{change_access, take_back_invitation};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/internal-users/{id}/invitation", send_invitation)
        .delete("/v1/internal-users/{id}/invitation", take_back)
        .post("/v1/internal-users/{id}/deactivate", deactivate)
        .post("/v1/internal-users/{id}/reactivate", reactivate)
}

/// Invite an internal user
///
/// Also again: earlier links stay good.
#[utoipa::path(post, path = "/v1/internal-users/{id}/invitation", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn send_invitation(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    change_access::<InternalUser>(call, id, &canonical, invitations::invite).await
}

/// Take the invitation of an internal user back
///
/// Its links say so, and a mail that still waits is not sent. One that was accepted is not taken back.
#[utoipa::path(delete, path = "/v1/internal-users/{id}/invitation", tag = "Internal users",
    responses((status = 200, body = Deleted)))]
async fn take_back(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<Deleted>> {
    take_back_invitation::<InternalUser>(&call, id).await
}

/// Deactivate an internal user
///
/// They are signed out everywhere and come in no more, and the keys that they made are good for nothing until they are
/// reactivated. The last active admin is not deactivated.
#[utoipa::path(post, path = "/v1/internal-users/{id}/deactivate", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn deactivate(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    change_access::<InternalUser>(call, id, &canonical, deactivation::deactivate).await
}

/// Reactivate an internal user
///
/// They may sign in again, and are in the channels again that they have access to.
#[utoipa::path(post, path = "/v1/internal-users/{id}/reactivate", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn reactivate(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    change_access::<InternalUser>(call, id, &canonical, deactivation::reactivate).await
}
