//! Webhooks, and the log of their calls, which can be repeated. The calls themselves are sent by the workers.

use axum::Json;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CallId, WebhookId};
use domain::webhooks::call_attempts;
use domain::webhooks::call_history::{self, Call as Made};
use domain::webhooks::webhook::{self, EventFilter, Webhook as Found};
use outbound::webhooks::signature;
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, Nothing};
use crate::api::list::{self, List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::schemas;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::pages::settings::webhooks::check_url;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/webhooks", make)
        .get("/v1/webhooks", list)
        .get("/v1/webhooks/{id}", show)
        .delete("/v1/webhooks/{id}", delete)
        .post("/v1/webhooks/{id}/enable", enable)
        .get("/v1/webhooks/{id}/calls", calls)
        .post("/v1/webhooks/{id}/calls/{call}/again", again)
}

/// A program that is called when something happens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Webhook {
    id: WebhookId,
    object: &'static str,
    created_at: schemas::Time,
    url: String,
    /// What it hears of: kinds of events, groups of them such as `client.*`, or `*` for everything.
    events: Vec<String>,
    /// What signs its calls (`whsec_…`, Standard Webhooks). Only in the answer of the call that makes it.
    secret: Option<String>,
    /// When it last took a call.
    taken_at: Option<schemas::Time>,
    /// Since when it is switched off.
    disabled_at: Option<schemas::Time>,
    /// Why.
    disabled_reason: Option<String>,
}

impl From<Found> for Webhook {
    fn from(found: Found) -> Webhook {
        Webhook {
            id: found.id,
            object: "webhook",
            created_at: time(found.created_at),
            url: found.url,
            events: found.events.words().to_vec(),
            secret: None,
            taken_at: found.taken_at.map(time),
            disabled_at: found.disabled_at.map(time),
            disabled_reason: found.disabled_reason,
        }
    }
}

impl Webhook {
    fn find(reader: &Reader, actor: &Actor, id: WebhookId) -> error::Result<Webhook> {
        webhook::find(reader, actor, id).map(Webhook::from)
    }
}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
struct NewWebhook {
    /// Where calls go. It must lead to the internet, unless whoever runs the portal allows more.
    #[schema(value_type = schemas::HookUrl)]
    url: String,
    /// What it hears of; everything where nothing is said.
    #[schema(value_type = Option<schemas::EventKinds>)]
    events: Option<Vec<String>>,
}

/// Make a webhook
///
/// It hears of what happens from now on. Each call is a POST of `{"type","timestamp","data":{workspaceId, channelId?, object}}`,
/// signed as Standard Webhooks says: `webhook-id` is the same at each try. Any answer 2xx takes it; otherwise it is made
/// again with growing waits for 3 days, and then the webhook is switched off, unless it took others meanwhile. It is so
/// at once where it answers 410. Redirects are not followed.
#[utoipa::path(post, path = "/v1/webhooks", tag = "Webhooks", request_body = NewWebhook,
    responses((status = 200, body = Webhook)))]
async fn make(call: Call, Body { given, canonical }: Body<NewWebhook>) -> Result {
    let app = call.app.clone();
    let change = move |tx: &mut Tx, actor: &Actor| {
        check_url(&app, &given.url)?;
        let events = match &given.events {
            None => EventFilter::everything(),
            Some(words) => EventFilter::new("events", words)?,
        };
        webhook::create(tx, actor, &given.url, &events)
    };
    let show = |_: &Reader, _: &Actor, (made, secret): (Found, Vec<u8>)| {
        Ok(Webhook { secret: Some(signature::shown(&secret)), ..Webhook::from(made) })
    };
    call.run(&canonical, change, show).await
}

/// List webhooks
///
/// The newest first.
#[utoipa::path(get, path = "/v1/webhooks", tag = "Webhooks", params(PageQuery),
    responses((status = 200, body = List<Webhook>)))]
async fn list(call: Call, page: Page) -> Result<Json<List<Webhook>>> {
    call.list(Of::Webhooks, page, webhook::list, |webhook| webhook.id.0, list::from).await
}

/// Get a webhook
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "Webhooks", responses((status = 200, body = Webhook)))]
async fn show(call: Call, PathParam(id): PathParam<WebhookId>) -> Result<Json<Webhook>> {
    call.read(move |reader, actor| Webhook::find(reader, actor, id)).await
}

/// Delete a webhook
///
/// It is not called any more, not even with what waits for it.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "Webhooks", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<WebhookId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "webhook", move |tx, actor| webhook::delete(tx, actor, id)).await
}

/// Switch a webhook on again
///
/// It hears of what happens from now on. One that is on stays as it is.
#[utoipa::path(post, path = "/v1/webhooks/{id}/enable", tag = "Webhooks",
    responses((status = 200, body = Webhook)))]
async fn enable(call: Call, PathParam(id): PathParam<WebhookId>, Nothing { canonical }: Nothing) -> Result {
    call.run(&canonical, move |tx, actor| webhook::enable(tx, actor, id).map(|()| id), Webhook::find).await
}

/// A call of a webhook: one event that it is told of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Call)]
pub(crate) struct WebhookCall {
    /// `webhook-id`.
    id: CallId,
    object: &'static str,
    /// When it happened.
    created_at: schemas::Time,
    webhook_id: WebhookId,
    /// What happened.
    event: String,
    /// When the program took it.
    taken_at: Option<schemas::Time>,
    /// When it is tried next.
    next_try_at: Option<schemas::Time>,
    /// Each try, oldest first.
    tries: Vec<Try>,
}

/// One try of a call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Try {
    /// When it ended.
    at: schemas::Time,
    /// How many milliseconds it took.
    milliseconds: u64,
    /// The HTTP status; null where there was no answer.
    status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    said: String,
}

impl WebhookCall {
    fn new(webhook: WebhookId, made: Made) -> WebhookCall {
        let tried = |tried: call_attempts::Try| Try {
            at: time(tried.at),
            milliseconds: u64::try_from(tried.took.as_millis()).expect("a try ends within seconds"),
            status: tried.status,
            said: tried.said,
        };
        WebhookCall {
            id: made.id,
            object: "webhookCall",
            created_at: time(made.at),
            webhook_id: webhook,
            event: made.kind,
            taken_at: made.taken_at.map(time),
            next_try_at: made.next_try_at.map(time),
            tries: made.tries.into_iter().map(tried).collect(),
        }
    }
}

/// List the calls of a webhook
///
/// The newest first; they are kept for 30 days.
#[utoipa::path(get, path = "/v1/webhooks/{id}/calls", tag = "Webhooks", params(PageQuery),
    responses((status = 200, body = List<WebhookCall>)))]
async fn calls(
    call: Call,
    PathParam(id): PathParam<WebhookId>,
    page: Page,
) -> Result<Json<List<WebhookCall>>> {
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        call_history::list(reader, actor, id, before, rows)
    };
    let show = move |_: &Reader, _: &Actor, made| Ok(WebhookCall::new(id, made));
    call.list(Of::Calls, page, find, |made| made.id.0, show).await
}

/// Make a call again
///
/// Under the same `webhook-id`, whatever became of it. One that waits for its next try is tried at once.
#[utoipa::path(post, path = "/v1/webhooks/{id}/calls/{call}/again", tag = "Webhooks",
    params(("call" = schemas::Id, Path, description = "The `webhook-id`.")),
    responses((status = 200, body = Webhook)))]
async fn again(
    call: Call,
    PathParam((id, past_call)): PathParam<(WebhookId, CallId)>,
    Nothing { canonical }: Nothing,
) -> Result {
    let change = move |tx: &mut Tx, actor: &Actor| call_history::again(tx, actor, id, past_call).map(|()| id);
    call.run(&canonical, change, Webhook::find).await
}
