//! Messages: send, list, read, edit and delete. Answers have the delivery status of each recipient. The rules are in
//! `domain::messages`.

use std::collections::HashMap;

use axum::Json;
use domain::channels::members;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, FileId, MessageId, PersonId};
use domain::messages::editing;
use domain::messages::message::{self, Message as Found, Window};
use domain::messages::sending::{self, Draft};
use domain::notify::delivery_status::{self, MessageStatus, RecipientStatus};
use domain::notify::digest_part::DeliveryState;
use serde::{Deserialize, Serialize};
use store::{Reader, Time, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::{Failure, Result, named};
use crate::api::json::Body;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, Emptiable, Viewer, time};
use crate::api::{files, query, schemas};
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

/// Answers to sending include the delivery status for up to this many recipients; reading it costs more than sending.
const LOOKED_AT_MAX: usize = 20;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/messages", send)
        .get("/v1/messages", list)
        .get("/v1/messages/{id}", show)
        .patch("/v1/messages/{id}", change)
        .delete("/v1/messages/{id}", delete)
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    id: MessageId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    channel_id: ChannelId,
    sender_id: PersonId,
    /// In Markdown. Empty where the message was deleted.
    text: String,
    is_attachment_included: bool,
    /// The files that it was sent with.
    attachments: Vec<files::File>,
    edited_at: Option<schemas::Time>,
    deleted_at: Option<schemas::Time>,
    /// Whose screen it has been on.
    seen_by: Vec<Seen>,
    /// What became of it for each recipient. Null in the answer that sends it to more than 20 people: look again.
    deliveries: Option<Vec<Delivery>>,
}

/// Somebody who has had a message on screen.
#[derive(Serialize, ToSchema)]
struct Seen {
    id: PersonId,
    at: schemas::Time,
}

/// What became of a message for one of its recipients.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    recipient_id: PersonId,
    #[serde(flatten)]
    whole: WayState,
    /// How it went by email, where it was to go that way.
    email: Option<WayState>,
    /// How it went by text message, where it was to go that way.
    text: Option<WayState>,
}

/// How something stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct WayState {
    /// `seen`, `emailed`, `texted`, `due`, `failed` or `suppressed`.
    pub(crate) state: &'static str,
    /// Since when; for `due`, at what time. Null for `suppressed`.
    pub(crate) at: Option<schemas::Time>,
    /// Why it failed or was suppressed: `notInvited`, `choice`, `noAddress`, `muted`, `lostAccess`, `left`, `calledOff`,
    /// `earlier`, or what a server said.
    pub(crate) reason: Option<String>,
}

impl From<DeliveryState> for WayState {
    fn from(state: DeliveryState) -> WayState {
        let known = |state, at: Time| WayState { state, at: Some(time(at)), reason: None };
        match state {
            DeliveryState::Seen(at) => known("seen", at),
            DeliveryState::Due(at) => known("due", at),
            DeliveryState::Emailed(at) => known("emailed", at),
            DeliveryState::Texted(at) => known("texted", at),
            DeliveryState::Failed(at, reason) => WayState { reason: Some(reason), ..known("failed", at) },
            DeliveryState::Suppressed(reason) => {
                WayState { state: "suppressed", at: None, reason: Some(reason.word().to_string()) }
            }
        }
    }
}

impl Delivery {
    fn new(fate: RecipientStatus) -> Delivery {
        Delivery {
            recipient_id: fate.person,
            whole: fate.state.into(),
            email: fate.email.map(WayState::from),
            text: fate.text.map(WayState::from),
        }
    }
}

impl Viewer {
    /// Messages of one channel, with their delivery status.
    fn messages(
        &self,
        reader: &Reader,
        channel: ChannelId,
        found: Vec<Found>,
    ) -> error::Result<Vec<Message>> {
        let positions = || found.iter().map(|message| message.position);
        let (Some(first), Some(last)) = (positions().min(), positions().max()) else { return Ok(Vec::new()) };
        let fates = delivery_status::of_messages(reader, &self.actor, channel, first..=last, self.wait)?;
        let mut by_id: HashMap<MessageId, MessageStatus> =
            fates.into_iter().map(|fates| (fates.message, fates)).collect();
        found
            .into_iter()
            .map(|message| {
                let fates = by_id.remove(&message.id).map(|fates| fates.recipients).unwrap_or_default();
                self.with_fates(reader, message, Some(fates))
            })
            .collect()
    }

    fn with_fates(
        &self,
        reader: &Reader,
        found: Found,
        fates: Option<Vec<RecipientStatus>>,
    ) -> error::Result<Message> {
        let seen = |fate: &RecipientStatus| match fate.state {
            DeliveryState::Seen(at) => Some(Seen { id: fate.person, at: time(at) }),
            _ => None,
        };
        let last_changed = found.edited_at.max(found.deleted_at).unwrap_or(found.sent_at);
        Ok(Message {
            id: found.id,
            object: "message",
            created_at: time(found.sent_at),
            updated_at: time(last_changed),
            channel_id: found.channel,
            sender_id: found.author,
            is_attachment_included: !found.attachments.is_empty(),
            attachments: files::attached(reader, self, &found)?,
            text: found.text,
            edited_at: found.edited_at.map(time),
            deleted_at: found.deleted_at.map(time),
            seen_by: fates.iter().flatten().filter_map(seen).collect(),
            deliveries: fates.map(|fates| fates.into_iter().map(Delivery::new).collect()),
        })
    }

    /// A message with its delivery status.
    pub(crate) fn message(&self, reader: &Reader, message: Found) -> error::Result<Message> {
        let channel = message.channel;
        self.messages(reader, channel, vec![message])?.pop().ok_or(error::Error::NotFound)
    }

    pub(crate) fn find(&self, reader: &Reader, id: MessageId) -> error::Result<Message> {
        self.message(reader, message::find(reader, &self.actor, id)?)
    }

    /// A message as if nothing had become of it yet.
    pub(crate) fn without_status(&self, reader: &Reader, message: Found) -> error::Result<Message> {
        self.with_fates(reader, message, Some(Vec::new()))
    }

    /// A message just sent, with its delivery status unless there are too many recipients.
    fn sent(&self, reader: &Reader, message: Found) -> error::Result<Message> {
        let present = members::present(reader, self.actor.workspace, message.channel)?;
        if present.len() > LOOKED_AT_MAX {
            self.with_fates(reader, message, None)
        } else {
            self.message(reader, message)
        }
    }
}

/// A message to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    channel_id: ChannelId,
    /// Must have something that can be seen, unless files are sent.
    #[schema(value_type = Option<schemas::MessageText>)]
    text: Option<String>,
    /// Made by the sender: the same again is the same message.
    #[schema(value_type = Option<schemas::OwnId>)]
    id: Option<MessageId>,
    /// Who sends it: somebody in the channel. Without one, the admin who made the key.
    sender_id: Option<Emptiable<PersonId>>,
    /// Completed files of the same subject's file channel.
    #[schema(value_type = Option<schemas::AttachmentIds>)]
    attachment_ids: Option<Vec<FileId>>,
}

/// Send a message
///
/// Answered once it is on disk. The same `id` again changes nothing and answers the same message.
#[utoipa::path(post, path = "/v1/messages", tag = "Messages", request_body = NewMessage,
    responses((status = 200, body = Message)))]
async fn send(call: Call, Body { given, canonical }: Body<NewMessage>) -> Result {
    let viewer = call.viewer();
    let change = move |tx: &mut Tx, actor: &Actor| {
        let draft = Draft {
            id: given.id.unwrap_or_else(|| MessageId::new(tx.now())),
            channel: given.channel_id,
            text: given.text.unwrap_or_default(),
            shown: None,
            attachments: files::sent_with(given.attachment_ids.unwrap_or_default()),
        };
        let sender = given.sender_id.and_then(|id| id.0);
        named("channelId", sending::send_as(tx, actor, sender, &draft))
    };
    call.run(&canonical, change, move |reader, _, message| viewer.sent(reader, message)).await
}

/// Whose messages are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// The message channel.
    #[param(value_type = schemas::Id, required)]
    channel_id: Option<String>,
}

/// List the messages of a channel
///
/// The newest first. Deleted ones are there without their text.
#[utoipa::path(get, path = "/v1/messages", tag = "Messages", params(Filters, PageQuery),
    responses((status = 200, body = List<Message>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<Message>>> {
    let channel: ChannelId =
        query::id("channelId", &filters.channel_id)?.ok_or_else(|| Failure::missing("channelId"))?;
    let window = page.after_position(channel.0)?.map_or(Window::Newest, Window::Before);
    let viewer = call.viewer();
    call.read_list(move |reader, actor| {
        let found = message::page(reader, actor, channel, window, page.read());
        let mut found = named("channelId", found)?;
        found.reverse();
        let list = page.list(
            Of::Messages,
            found,
            |message| [channel.0.as_bytes().as_slice(), &message.position.to_be_bytes()].concat(),
            Ok,
        )?;
        list.turned(|found| viewer.messages(reader, channel, found))
    })
    .await
}

/// Get a message
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "Messages", responses((status = 200, body = Message)))]
async fn show(call: Call, PathParam(id): PathParam<MessageId>) -> Result<Json<Message>> {
    let viewer = call.viewer();
    call.read(move |reader, _| viewer.find(reader, id)).await
}

/// What changes about a message.
#[derive(Deserialize, ToSchema)]
struct ChangedMessage {
    #[schema(value_type = schemas::MessageText)]
    text: String,
}

/// Edit a message
///
/// It is marked as edited.
#[utoipa::path(patch, path = "/v1/messages/{id}", tag = "Messages", request_body = ChangedMessage,
    responses((status = 200, body = Message)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<MessageId>,
    Body { given, .. }: Body<ChangedMessage>,
) -> Result<Json<Message>> {
    let viewer = call.viewer();
    call.write(move |tx, actor| {
        let changed = editing::edit(tx, actor, id, &given.text)?;
        viewer.message(tx, changed)
    })
    .await
}

/// Delete a message
///
/// It stays in the list without its text; its files stay in Files.
#[utoipa::path(delete, path = "/v1/messages/{id}", tag = "Messages", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<MessageId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "message", move |tx, actor| editing::delete(tx, actor, id)).await
}
