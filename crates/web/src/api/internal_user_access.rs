//! Access of internal users: invited, deactivated and reactivated.

use axum::Json;
use axum::extract::State;
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::directory;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::PersonId;
use store::Tx;

use crate::api::auth::ApiClient;
use crate::api::failure::Result;
use crate::api::idempotency::IdempotencyKey;
use crate::api::internal_users::InternalUser;
use crate::api::json::Nothing;
use crate::api::objects::Deleted;
use crate::app::App;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/internal-users/{id}/invitation", send_invitation)
        .delete("/v1/internal-users/{id}/invitation", take_back)
        .post("/v1/internal-users/{id}/deactivate", deactivate)
        .post("/v1/internal-users/{id}/reactivate", reactivate)
}

/// Runs `deed` on an internal user, and answers the changed user.
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
        directory::team::internal(tx, &actor, id)?;
        deed(tx, &actor, id)
    };
    once.run(app, program, canonical, deed, move |reader, ()| InternalUser::find(reader, &actor, id)).await
}

/// Invite an internal user
///
/// Also again: earlier links stay good.
#[utoipa::path(post, path = "/v1/internal-users/{id}/invitation", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn send_invitation(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, invitations::invite).await
}

/// Take the invitation of an internal user back
///
/// Its links say so, and a mail that still waits is not sent. One that was accepted is not taken back.
#[utoipa::path(delete, path = "/v1/internal-users/{id}/invitation", tag = "Internal users",
    responses((status = 200, body = Deleted)))]
async fn take_back(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<PersonId>,
) -> Result<Json<Deleted>> {
    let actor = program.actor;
    let done = app.store().write(move |tx| {
        directory::team::internal(tx, &actor, id)?;
        invitations::take_back(tx, &actor, id)
    });
    done.await?;
    Ok(Json(Deleted::new(id.0, "invitation")))
}

/// Deactivate an internal user
///
/// They are signed out everywhere and come in no more, and the keys that they made are good for nothing until they are
/// reactivated. The last active admin is not deactivated.
#[utoipa::path(post, path = "/v1/internal-users/{id}/deactivate", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn deactivate(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, deactivation::deactivate).await
}

/// Reactivate an internal user
///
/// They may sign in again, and are in the channels again that they have access to.
#[utoipa::path(post, path = "/v1/internal-users/{id}/reactivate", tag = "Internal users",
    responses((status = 200, body = InternalUser)))]
async fn reactivate(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<PersonId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, deactivation::reactivate).await
}
