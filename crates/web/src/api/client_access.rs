//! Access of client users: invited, also by a call that creates or changes one; deactivated and reactivated.

use axum::Json;
use domain::administration::deactivation;
use domain::directory::clients;
use domain::kernel::access::Actor;
use domain::kernel::ids::PersonId;
use store::Tx;

use crate::api::call::Call;
use crate::api::clients::Client;
use crate::api::failure::Result;
use crate::api::inviting::invite;
use crate::api::json::Nothing;
use crate::api::objects::Deleted;
use crate::api::person_access::{change_access, take_back_invitation};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/clients/{id}/invitation", send_invitation)
        .delete("/v1/clients/{id}/invitation", take_back)
        .post("/v1/clients/{id}/deactivate", deactivate)
        .post("/v1/clients/{id}/reactivate", reactivate)
}

/// Invite a client user
///
/// Also again: earlier links stay good. The answer holds `inviteUrl`.
#[utoipa::path(post, path = "/v1/clients/{id}/invitation", tag = "Clients", responses((status = 200, body = Client)))]
async fn send_invitation(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    let public_url = call.app.web.public_url.clone();
    let change = move |tx: &mut Tx, actor: &Actor| {
        clients::client(tx, actor, id)?;
        Ok((id, invite(tx, actor, id, true, &public_url)?))
    };
    call.run(&canonical, change, Client::invited).await
}

/// Take the invitation of a client user back
///
/// Its links say so, and a mail that still waits is not sent. One that was accepted is not taken back.
#[utoipa::path(delete, path = "/v1/clients/{id}/invitation", tag = "Clients", responses((status = 200, body = Deleted)))]
async fn take_back(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<Deleted>> {
    take_back_invitation::<Client>(&call, id).await
}

/// Deactivate a client user
///
/// They are signed out everywhere and come in no more; nothing more is sent to them. What they wrote stays.
#[utoipa::path(post, path = "/v1/clients/{id}/deactivate", tag = "Clients", responses((status = 200, body = Client)))]
async fn deactivate(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    change_access::<Client>(call, id, &canonical, deactivation::deactivate).await
}

/// Reactivate a client user
///
/// They may sign in again, and are in their channels again.
#[utoipa::path(post, path = "/v1/clients/{id}/reactivate", tag = "Clients", responses((status = 200, body = Client)))]
async fn reactivate(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    change_access::<Client>(call, id, &canonical, deactivation::reactivate).await
}
