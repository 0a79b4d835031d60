//! Journal entries as API clients receive them, in streams and from webhooks: the event's name with its object.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::channels::notifications;
use domain::files::entry;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId, PersonId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::kernel::medium::Medium;
use domain::messages::message;
use domain::notify::status_changes::{self, StatusChange};
use serde::Serialize;
use serde_json::Value;
use store::{Reader, Recorded};
use utoipa::ToSchema;

use crate::api::channels::{ChannelObject, MessageChannel};
use crate::api::clients::Client;
use crate::api::companies::Company;
use crate::api::file_channels::FileChannel;
use crate::api::files::File;
use crate::api::messages::WayState;
use crate::api::notifications::Notification;
use crate::api::objects::{Deleted, Viewer, time};
use crate::api::person_access::PersonObject;
use crate::api::projects::Project;
use crate::api::schemas;
use crate::live::api_stream::{ApiEvent, WriteApiEvent};
use crate::services::Web;

/// What stands behind `data:`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Told)]
pub(crate) struct EventPayload {
    #[schema(value_type = schemas::Id)]
    workspace_id: WorkspaceId,
    /// Where it happened, where that is a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schemas::Id, required = false)]
    channel_id: Option<ChannelId>,
    /// The object as `GET` shows it; after a delete what the delete answered.
    object: Value,
}

/// The delivery status of a message for one recipient, over all media or by one. The object of `message.status`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageStatus {
    object: &'static str,
    #[schema(value_type = schemas::Id)]
    channel_id: ChannelId,
    #[schema(value_type = schemas::Id)]
    message_id: MessageId,
    /// The recipient.
    #[schema(value_type = schemas::Id)]
    person_id: PersonId,
    /// `seen`, `due` or `suppressed`; with `medium`: `emailed`, `texted` or `failed`.
    state: &'static str,
    /// Since when; for `due`, at what time.
    at: schemas::Time,
    /// Why it failed or was suppressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `email` or `text`, if the status is that of one medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    medium: Option<&'static str>,
}

impl MessageStatus {
    fn new(entry: &Recorded, change: StatusChange) -> MessageStatus {
        let StatusChange { channel, message, person, state, medium } = change;
        let WayState { state, at, reason } = state.into();
        MessageStatus {
            object: "messageStatus",
            channel_id: channel,
            message_id: message,
            person_id: person,
            state,
            at: at.unwrap_or(time(entry.at)),
            reason,
            medium: medium.map(Medium::word),
        }
    }
}

/// Writes events of streams.
pub(crate) fn stream_writer(web: &Web) -> WriteApiEvent {
    let (wait, public_url) = (web.wait, web.public_url.clone());
    Arc::new(move |reader, actor, entry, event| {
        let viewer = Viewer { actor: *actor, wait, public_url: public_url.clone() };
        stream_event(reader, &viewer, entry, event)
    })
}

fn stream_event(
    reader: &Reader,
    viewer: &Viewer,
    entry: &Recorded,
    event: &Event,
) -> error::Result<Option<ApiEvent>> {
    let payload = match event {
        // A channel of a thousand members costs what one of ten costs: the status for each of them is sent when it
        // changes.
        Event::MessageSent { channel, position, message, .. } => {
            let found =
                message::at(reader, viewer.actor.workspace, *channel, *position)?.ok_or(Error::NotFound);
            let object =
                shown(found.and_then(|found| viewer.without_status(reader, found)), message.0, "message")?;
            Some((event.kind(), object))
        }
        event => payload(reader, viewer, event)?,
    };
    let is_personal = payload.as_ref().is_some_and(|(_, object)| is_personal(event, object));
    let changes = status_changes::of_event(reader, &viewer.actor, entry.at, event, viewer.wait)?;
    let statuses =
        changes.into_iter().map(|change| ("message.status", json(&MessageStatus::new(entry, change))));
    let told: Vec<_> = statuses.chain(payload).collect();
    let Some(last) = told.len().checked_sub(1) else { return Ok(None) };
    let mut written = String::new();
    for (index, (name, object)) in told.into_iter().enumerate() {
        let payload =
            EventPayload { workspace_id: viewer.actor.workspace, channel_id: event.channel(), object };
        // Objects of the API always serialize, and JSON escapes line breaks.
        let data = serde_json::to_string(&payload).expect("an object of the API has a JSON form");
        // Only the last event has the number, so that a client that lost the others resumes before them.
        if index == last {
            written.push_str(&format!("id: {}\n", entry.seq));
        }
        written.push_str(&format!("event: {name}\ndata: {data}\n\n"));
    }
    Ok(Some(ApiEvent { bytes: Bytes::from(written), is_personal }))
}

/// Whether the object differs by whose key receives it: channels have an unread count, and addresses of files are signed for
/// a person.
fn is_personal(event: &Event, object: &Value) -> bool {
    match event {
        Event::ChannelCreated { .. }
        | Event::ChannelUpdated { .. }
        | Event::MembersChanged { .. }
        | Event::FileCreated { .. }
        | Event::FileUpdated { .. } => true,
        _ => object["isAttachmentIncluded"] == Value::Bool(true),
    }
}

/// The event's name for API clients, with its object; `None` if they do not receive it. An object deleted meanwhile is
/// shown as deleted.
///
/// `wait` overrides the workspace's wait; `public_url` is the base of the installation's links.
pub fn event_payload(
    reader: &Reader,
    actor: &Actor,
    wait: Option<Duration>,
    public_url: &str,
    event: &Event,
) -> error::Result<Option<(&'static str, Value)>> {
    let viewer = Viewer { actor: *actor, wait, public_url: public_url.to_string() };
    payload(reader, &viewer, event)
}

fn payload(reader: &Reader, viewer: &Viewer, event: &Event) -> error::Result<Option<(&'static str, Value)>> {
    let actor = &viewer.actor;
    let object = match event {
        Event::MessageSent { channel, position, message, .. }
        | Event::MessageUpdated { channel, position, message }
        | Event::MessageDeleted { channel, position, message } => {
            let found = message::at(reader, actor.workspace, *channel, *position)?.ok_or(Error::NotFound);
            shown(found.and_then(|found| viewer.message(reader, found)), message.0, "message")
        }
        Event::FileChannelCreated { channel } => {
            shown(FileChannel::find(reader, actor, *channel), channel.0, "fileChannel")
        }
        Event::ChannelCreated { channel }
        | Event::ChannelUpdated { channel }
        | Event::MembersChanged { channel, .. } => {
            shown(MessageChannel::find(reader, actor, *channel), channel.0, "messageChannel")
        }
        Event::FileCreated { file, .. } | Event::FileUpdated { file, .. } => {
            let found = entry::for_events(reader, actor.workspace, *file)?.ok_or(Error::NotFound);
            shown(found.and_then(|found| File::one(reader, viewer, found)), file.0, "file")
        }
        Event::FileDeleted { file, .. } => Ok(gone(file.0, "file")),
        Event::ClientCreated { client }
        | Event::ClientUpdated { client }
        | Event::ClientActivated { client } => {
            shown(Client::find(reader, actor, *client), client.0, "client")
        }
        Event::ClientDeleted { client } => Ok(gone(client.0, "client")),
        Event::CompanyCreated { company } | Event::CompanyUpdated { company } => {
            shown(Company::find(reader, actor, *company), company.0, "company")
        }
        Event::CompanyDeleted { company } => Ok(gone(company.0, "company")),
        Event::ProjectCreated { project } | Event::ProjectUpdated { project } => {
            shown(Project::find(reader, actor, *project), project.0, "project")
        }
        Event::ProjectDeleted { project } => Ok(gone(project.0, "project")),
        Event::NotificationSent { channel, person, digest, .. }
        | Event::NotificationFailed { channel, person, digest, .. } => {
            let found = notifications::of_digest(reader, actor.workspace, *digest, *channel, *person)?;
            shown(found.map(Notification::from).ok_or(Error::NotFound), digest.0, "notification")
        }
        _ => return Ok(None),
    }?;
    let name = match event {
        Event::MembersChanged { .. } => "messageChannel.updated",
        event => event.kind(),
    };
    Ok(Some((name, object)))
}

fn shown<T: Serialize>(
    found: error::Result<T>,
    id: uuid::Uuid,
    object: &'static str,
) -> error::Result<Value> {
    match found {
        Ok(found) => Ok(json(&found)),
        Err(Error::NotFound) => Ok(gone(id, object)),
        Err(error) => Err(error),
    }
}

fn gone(id: uuid::Uuid, object: &'static str) -> Value {
    json(&Deleted::new(id, object))
}

fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).expect("an object of the API has a JSON form")
}
