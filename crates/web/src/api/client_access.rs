//! Access of client users: invited, also by a call that creates or changes one; deactivated and reactivated.

use axum::Json;
use axum::extract::State;
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::directory::clients;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::PersonId;
use store::{Reader, Tx};

use crate::api::auth::ApiClient;
use crate::api::clients::Client;
use crate::api::failure::Result;
use crate::api::idempotency::IdempotencyKey;
use crate::api::inviting::invite;
use crate::api::json::Nothing;
use crate::api::objects::Deleted;
use crate::app::App;
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
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    let (actor, public_url) = (program.actor, app.web.public_url.clone());
    let deed = move |tx: &mut Tx| {
        clients::client(tx, &actor, id)?;
        invite(tx, &actor, id, true, &public_url)
    };
    let show =
        move |reader: &Reader, invite_url| Ok(Client { invite_url, ..Client::find(reader, &actor, id)? });
    once.run(&app, &program, &canonical, deed, show).await
}

/// Take the invitation of a client user back
///
/// Its links say so, and a mail that still waits is not sent. One that was accepted is not taken back.
#[utoipa::path(delete, path = "/v1/clients/{id}/invitation", tag = "Clients", responses((status = 200, body = Deleted)))]
async fn take_back(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<PersonId>,
) -> Result<Json<Deleted>> {
    let actor = program.actor;
    let done = app.store().write(move |tx| {
        clients::client(tx, &actor, id)?;
        invitations::take_back(tx, &actor, id)
    });
    done.await?;
    Ok(Json(Deleted::new(id.0, "invitation")))
}

/// Runs `deed` on a client user, and answers the changed client.
async fn act(
    app: &App,
    program: &ApiClient,
    once: IdempotencyKey,
    id: PersonId,
    canonical: &[u8],
    deed: fn(&mut Tx, &Actor, PersonId) -> error::Result<()>,
) -> Result {
    let actor = program.actor;
    let deed = move |tx: &mut Tx| {
        clients::client(tx, &actor, id)?;
        deed(tx, &actor, id)
    };
    once.run(app, program, canonical, deed, move |reader, ()| Client::find(reader, &actor, id)).await
}

/// Deactivate a client user
///
/// They are signed out everywhere and come in no more; nothing more is sent to them. What they wrote stays.
#[utoipa::path(post, path = "/v1/clients/{id}/deactivate", tag = "Clients", responses((status = 200, body = Client)))]
async fn deactivate(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, deactivation::deactivate).await
}

/// Reactivate a client user
///
/// They may sign in again, and are in their channels again.
#[utoipa::path(post, path = "/v1/clients/{id}/reactivate", tag = "Clients", responses((status = 200, body = Client)))]
async fn reactivate(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, deactivation::reactivate).await
}
