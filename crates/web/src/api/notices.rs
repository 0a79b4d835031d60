//! Notifications of a message before they are sent: send them now, or call them off (N14).

use axum::extract::State;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::MessageId;
use domain::messages::message;
use domain::notify::manual_send;
use store::{Reader, Tx};

use crate::api::auth::ApiClient;
use crate::api::failure::Result;
use crate::api::idempotency::IdempotencyKey;
use crate::api::json::Nothing;
use crate::api::messages::Message;
use crate::api::objects::Viewer;
use crate::app::App;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/v1/messages/{id}/send-now", send_now).post("/v1/messages/{id}/call-off", call_off)
}

/// Runs `deed` on the pending notifications of a message, and answers the message with its delivery status.
async fn act(
    app: &App,
    program: &ApiClient,
    once: IdempotencyKey,
    id: MessageId,
    canonical: &[u8],
    deed: fn(&mut Tx, &Actor, MessageId) -> error::Result<()>,
) -> Result {
    let (actor, look) = (program.actor, Viewer::new(app, program));
    let show = move |reader: &Reader, ()| look.message(reader, message::find(reader, &look.actor, id)?);
    once.run(app, program, canonical, move |tx| deed(tx, &actor, id), show).await
}

/// Tell people of a message now
///
/// Those who would be told later, by email and text; what failed for now is tried again. `deliveries` says what becomes of it.
#[utoipa::path(post, path = "/v1/messages/{id}/send-now", tag = "Messages", responses((status = 200, body = Message)))]
async fn send_now(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<MessageId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, |tx, actor, id| manual_send::send_now(tx, actor, id).map(drop))
        .await
}

/// Tell nobody of a message outside the portal
///
/// Who was told already stays told; the message stays as it is.
#[utoipa::path(post, path = "/v1/messages/{id}/call-off", tag = "Messages", responses((status = 200, body = Message)))]
async fn call_off(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    PathParam(id): PathParam<MessageId>,
    Nothing { canonical }: Nothing,
) -> Result {
    act(&app, &program, once, id, &canonical, manual_send::call_off).await
}
