//! In-portal notifications: one for each recipient and channel while something that counts is unread (N15).

use axum::Json;
use domain::channels::notification_marks;
use domain::channels::notifications::{self, Email, Notification as Found, Place, Search};
use domain::formatting::plain_text;
use domain::kernel::access::{Actor, Role};
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, MessageId, NotificationId, PersonId};
use serde::{Deserialize, Serialize};
use store::{Time, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::Nothing;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::{query, schemas};
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

/// Length of the message preview in a notification.
const BODY_CHARACTERS: usize = 200;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/v1/notifications", list)
        .post("/v1/notifications/{id}/read", mark_read)
        .post("/v1/notifications/{id}/unread", mark_unread)
        .delete("/v1/notifications/{id}", delete)
}

/// A notification of what was written in a channel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    id: NotificationId,
    object: &'static str,
    /// When the message that it was made for was received.
    created_at: schemas::Time,
    /// `message.sent`.
    event: &'static str,
    recipient_id: PersonId,
    /// The recipient, where that is a client user.
    recipient_client_id: Option<PersonId>,
    /// The recipient, where that is an internal user.
    recipient_internal_user_id: Option<PersonId>,
    sender_id: PersonId,
    /// `client` or `internalUser`.
    sender_type: &'static str,
    /// The message channel.
    resource_id: ChannelId,
    delivery_targets: Targets,
}

/// Where a notification is shown or sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Targets {
    in_product: InProduct,
    /// What became of an email about these messages; null where none was made yet.
    email: Option<ByEmail>,
}

/// A notification in the portal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InProduct {
    title: String,
    /// The first words of the message that it was made for.
    body: String,
    is_read: bool,
    cta_params: CtaParams,
}

/// Where it leads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CtaParams {
    channel_id: ChannelId,
    /// The message that it was made for.
    message_id: MessageId,
}

/// An email about what was missed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ByEmail {
    /// `due`, `emailed`, `failed` or `suppressed`.
    state: &'static str,
    /// Since when; for `due`, at what time. Null for `suppressed`.
    at: Option<schemas::Time>,
    /// Why it failed or was suppressed.
    reason: Option<String>,
}

impl From<Email> for ByEmail {
    fn from(email: Email) -> ByEmail {
        let known = |state, at: Time| ByEmail { state, at: Some(time(at)), reason: None };
        match email {
            Email::Due(at) => known("due", at),
            Email::Sent(at) => known("emailed", at),
            Email::Failed(at, reason) => ByEmail { reason: Some(reason), ..known("failed", at) },
            Email::Dropped(reason) => ByEmail { state: "suppressed", at: None, reason: Some(reason) },
        }
    }
}

impl From<Found> for Notification {
    fn from(found: Found) -> Notification {
        let is_client = found.recipient_role == Role::Client;
        // A message without text has files.
        let body = match plain_text::plain(&found.text, BODY_CHARACTERS) {
            empty if empty.is_empty() => "Sent a file.".to_string(),
            body => body,
        };
        let in_product = InProduct {
            title: format!("New message from {}", found.sender_name.full()),
            body,
            is_read: found.read_at.is_some(),
            cta_params: CtaParams { channel_id: found.channel, message_id: found.message },
        };
        Notification {
            id: found.id,
            object: "notification",
            created_at: time(found.created_at),
            event: "message.sent",
            recipient_id: found.recipient,
            recipient_client_id: is_client.then_some(found.recipient),
            recipient_internal_user_id: (!is_client).then_some(found.recipient),
            sender_id: found.sender,
            sender_type: if found.sender_role == Role::Client { "client" } else { "internalUser" },
            resource_id: found.channel,
            delivery_targets: Targets { in_product, email: found.email.map(ByEmail::from) },
        }
    }
}

/// Which notifications are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those of this person.
    #[param(value_type = Option<schemas::Id>)]
    recipient_id: Option<String>,
    /// Those of this client user.
    #[param(value_type = Option<schemas::Id>)]
    recipient_client_id: Option<String>,
    /// Those of this internal user.
    #[param(value_type = Option<schemas::Id>)]
    recipient_internal_user_id: Option<String>,
    /// Also those that were read.
    #[param(value_type = Option<bool>)]
    include_read: Option<String>,
}

/// The recipient to filter by; all if empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Recipient {
    person: Option<PersonId>,
    /// Whether the person must be a client user or an internal user; `None` for either.
    is_client: Option<bool>,
}

impl Filters {
    /// Returns `None` if the filters contradict each other, so that nobody matches.
    fn recipient(&self) -> Result<Option<Recipient>> {
        let any: Option<PersonId> = query::id("recipientId", &self.recipient_id)?;
        let client: Option<PersonId> = query::id("recipientClientId", &self.recipient_client_id)?;
        let internal: Option<PersonId> =
            query::id("recipientInternalUserId", &self.recipient_internal_user_id)?;
        let person = any.or(client).or(internal);
        let is_one = [any, client, internal].into_iter().flatten().all(|named| Some(named) == person);
        if !is_one || (client.is_some() && internal.is_some()) {
            return Ok(None);
        }
        let is_client = client.map(|_| true).or(internal.map(|_| false));
        Ok(Some(Recipient { person, is_client }))
    }
}

/// List notifications
///
/// The newest first. For each recipient and channel there is one while something that counts is unread; those that are
/// over are listed where `includeRead` asks for them.
#[utoipa::path(get, path = "/v1/notifications", tag = "Notifications", params(Filters, PageQuery),
    responses((status = 200, body = List<Notification>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<Notification>>> {
    let recipient = filters.recipient()?;
    let include_read = query::flag("includeRead", &filters.include_read)?.unwrap_or(false);
    let after = page.after_time_and_ids(Of::Notifications)?.map(|(at, message, recipient)| Place {
        created_at: Time(at),
        message: MessageId(message),
        recipient: PersonId(recipient),
    });
    call.read_list(move |reader, actor| {
        let mut found = Vec::new();
        if let Some(Recipient { person, is_client }) = recipient {
            let search = Search { recipient: person, include_read, after };
            found = notifications::list(reader, actor, &search, page.read())?;
            // A filter by recipient also checks what kind of user they are.
            found.retain(|found| {
                is_client.is_none_or(|is_client| is_client == (found.recipient_role == Role::Client))
            });
        }
        page.list(
            Of::Notifications,
            found,
            |found| place(&found.place()),
            |found| Ok(Notification::from(found)),
        )
    })
    .await
}

fn place(place: &Place) -> Vec<u8> {
    let Place { created_at, message, recipient } = place;
    [&created_at.0.to_be_bytes()[..], message.0.as_bytes(), recipient.0.as_bytes()].concat()
}

async fn mark(
    call: Call,
    id: NotificationId,
    canonical: &[u8],
    mark: fn(&mut Tx, &Actor, NotificationId) -> error::Result<Found>,
) -> Result {
    call.run(canonical, move |tx, actor| mark(tx, actor, id), |_, _, found| Ok(Notification::from(found)))
        .await
}

/// Mark a notification as read
///
/// The channel stays as unread as it was. What is written from then on makes a new notification.
#[utoipa::path(post, path = "/v1/notifications/{id}/read", tag = "Notifications",
    responses((status = 200, body = Notification)))]
async fn mark_read(
    call: Call,
    PathParam(id): PathParam<NotificationId>,
    Nothing { canonical }: Nothing,
) -> Result {
    mark(call, id, &canonical, notification_marks::mark_read).await
}

/// Mark a notification as unread
///
/// Until it is marked as read, or something more of its channel is read.
#[utoipa::path(post, path = "/v1/notifications/{id}/unread", tag = "Notifications",
    responses((status = 200, body = Notification)))]
async fn mark_unread(
    call: Call,
    PathParam(id): PathParam<NotificationId>,
    Nothing { canonical }: Nothing,
) -> Result {
    mark(call, id, &canonical, notification_marks::mark_unread).await
}

/// Delete a notification
///
/// What it is about stays as it is.
#[utoipa::path(delete, path = "/v1/notifications/{id}", tag = "Notifications",
    responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<NotificationId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "notification", move |tx, actor| notification_marks::delete(tx, actor, id)).await
}
