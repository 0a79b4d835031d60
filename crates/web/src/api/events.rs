//! `/v1/events`: the journal as server-sent events for API clients. `live` follows the journal; `event_payload` writes events.

use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use domain::kernel::access::{self, Actor};
use domain::kernel::ids::ChannelId;
use serde::Deserialize;
use store::Reader;
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::{Failure, Result, named};
use crate::api::{query, schemas};
use crate::http::extractors::Query;
use crate::http::routes::Routes;
use crate::live::api_stream;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/events", open)
}

/// What a stream is of.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// `workspace` for everything in it. Without that, of channels only those that the admin who made the key is in.
    #[param(value_type = Option<Scope>)]
    scope: Option<String>,
    /// Only what happens in this channel.
    #[param(value_type = Option<schemas::Id>)]
    channel_id: Option<String>,
}

/// How far a stream reaches.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "for the description")]
pub(crate) enum Scope {
    Workspace,
}

/// Hear what happens
///
/// Server-sent events (`text/event-stream`): `event:` is what happened, `id:` its number in the workspace's journal,
/// `data:` a JSON object `{workspaceId, channelId?, object}`. A stream begins with what happens from now on; with
/// `Last-Event-ID` it goes on behind that event. Where that lies further back than is kept (30 days), it begins with
/// the event `reset`. A stream that is read too slowly is ended, and goes on in the same way.
///
/// In `message.sent`, `deliveries` and `seenBy` are empty: the delivery status for each recipient comes as
/// `message.status`, with `{channelId, messageId, personId, state, at, reason?, medium?}` as its object. `state` is `seen`, `due`
/// or `suppressed`, and by one `medium` alone `emailed`, `texted` or `failed`. Who reads or is emailed several messages at once
/// makes one event for each of the newest 100; what is older has become the same. Where one thing makes several events, only
/// the last one has the `id:`.
/// For whom a message is due when it is sent has no event of its own.
///
/// A key has at most 24 streams; one more is answered 429. Events are `client.created`, `client.updated`, `client.activated`, `client.deleted`,
/// `company.created`, `company.updated`, `company.deleted`, `project.created`, `project.updated`, `project.deleted`,
/// `messageChannel.created`, `messageChannel.updated`, `fileChannel.created`, `message.sent`, `message.updated`,
/// `message.deleted`, `message.status`, `file.created`, `file.updated`, `file.deleted`, `notification.sent` and `notification.failed`.
#[utoipa::path(get, path = "/v1/events", tag = "Events",
    params(EventQuery, ("Last-Event-ID" = Option<i64>, Header, minimum = 0,
        description = "The `id:` of the last event that was heard.")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn open(call: Call, Query(wanted): Query<EventQuery>, headers: HeaderMap) -> Result {
    let is_whole = query::word("scope", &wanted.scope, |word| (word == "workspace").then_some(()))?.is_some();
    let channel: Option<ChannelId> = query::id("channelId", &wanted.channel_id)?;
    let after = match headers.get("last-event-id") {
        None => None,
        Some(id) => {
            let number = id.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok());
            let unreadable = || Failure::field("Last-Event-ID", "This is not the number of an event.");
            Some(number.filter(|number| *number >= 0).ok_or_else(unreadable)?)
        }
    };
    if let Some(channel) = channel {
        let check = move |reader: &Reader, actor: &Actor| access::channel(reader, actor, channel);
        let Json(()) = call.read(move |reader, actor| named("channelId", check(reader, actor))).await?;
    }
    let scope = api_stream::Scope { is_whole, channel };
    let body = call.app.hub.open_api(call.actor(), call.api_client.key, scope, after).await?;
    let fixed = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Without this, buffering proxies would delay events.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok::<Response, Failure>((fixed, Body::new(body)).into_response())
}
