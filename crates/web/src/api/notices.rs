//! Notifications of a message before they are sent: send them now, or call them off (N14).

use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::MessageId;
use domain::notify::manual_send;
use store::{Reader, Tx};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::Nothing;
use crate::api::messages::Message;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/v1/messages/{id}/send-now", send_now).post("/v1/messages/{id}/call-off", call_off)
}

/// Runs `deed` on the pending notifications of a message, and answers the message with its delivery status.
async fn change_notices<D: Clone + Send + 'static>(
    call: Call,
    id: MessageId,
    canonical: &[u8],
    change: fn(&mut Tx, &Actor, MessageId) -> error::Result<D>,
) -> Result {
    let viewer = call.viewer();
    let show = move |reader: &Reader, _: &Actor, _| viewer.find(reader, id);
    call.run(canonical, move |tx, actor| change(tx, actor, id), show).await
}

/// Tell people of a message now
///
/// Those who would be told later, by email and text; what failed for now is tried again. `deliveries` says what becomes of it.
#[utoipa::path(post, path = "/v1/messages/{id}/send-now", tag = "Messages", responses((status = 200, body = Message)))]
async fn send_now(call: Call, PathParam(id): PathParam<MessageId>, Nothing { canonical }: Nothing) -> Result {
    change_notices(call, id, &canonical, manual_send::send_now).await
}

/// Tell nobody of a message outside the portal
///
/// Who was told already stays told; the message stays as it is.
#[utoipa::path(post, path = "/v1/messages/{id}/call-off", tag = "Messages", responses((status = 200, body = Message)))]
async fn call_off(call: Call, PathParam(id): PathParam<MessageId>, Nothing { canonical }: Nothing) -> Result {
    change_notices(call, id, &canonical, manual_send::call_off).await
}
