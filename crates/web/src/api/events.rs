//! The journal as server-sent events for API clients: each event has its object as `GET` shows it.
//!
//! Each stream reads the journal itself, as fast as its connection drains, so streams do not slow each other and skip
//! nothing. Access to an entry is checked when it is read.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::channels::{members, notifications};
use domain::files::entry;
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, KeyId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::messages::message;
use domain::tenant::api_keys;
use http_body::Frame;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Reader, Recorded};
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::channels::{ChannelObject, MessageChannel};
use crate::api::clients::Client;
use crate::api::companies::Company;
use crate::api::failure::{Failure, Result, named};
use crate::api::file_channels::FileChannel;
use crate::api::files::File;
use crate::api::notifications::Notification;
use crate::api::objects::{Deleted, Viewer};
use crate::api::person_access::PersonObject;
use crate::api::projects::Project;
use crate::api::{query, schemas};
use crate::app::App;
use crate::http::extractors::Query;
use crate::http::routes::Routes;

/// Journal entries per read.
const ENTRIES_AT_ONCE: i64 = 100;
/// Other processes write without signaling this one, so streams also poll.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Polls without events before a heartbeat.
const QUIET_POLLS: u32 = 15;
/// Pieces buffered per connection; reading pauses while they are full.
const WAITING_MAX: usize = 4;

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

/// Hear what happens
///
/// Server-sent events (`text/event-stream`): `event:` is what happened, `id:` its number in the workspace's journal,
/// `data:` a JSON object `{workspaceId, channelId?, object}`. A stream begins with what happens from now on; with
/// `Last-Event-ID` it goes on behind that event. Where that lies further back than is kept (30 days), it begins with
/// the event `reset`. Events are `client.created`, `client.updated`, `client.activated`, `client.deleted`,
/// `company.created`, `company.updated`, `company.deleted`, `project.created`, `project.updated`, `project.deleted`,
/// `messageChannel.created`, `messageChannel.updated`, `fileChannel.created`, `message.sent`, `message.updated`,
/// `message.deleted`, `file.created`, `file.updated`, `file.deleted`, `notification.sent` and `notification.failed`.
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
    let viewer = call.viewer();
    let begin = call.read(move |reader, actor| {
        if let Some(channel) = channel {
            named("channelId", access::channel(reader, actor, channel))?;
        }
        let head = reader.journal_head(actor.workspace.0)?;
        let Some(after) = after else { return Ok((head, false)) };
        // No longer in the journal, or from a newer state of the database, for instance before a backup was restored.
        let is_lost = after > head || reader.journal_tail(actor.workspace.0)? > after + 1;
        Ok((if is_lost { head } else { after }, is_lost))
    });
    let Json((seq, is_lost)) = begin.await?;
    call.app.store().durable().await?;
    let (pieces, body) = mpsc::channel(WAITING_MAX);
    let stream = Stream { app: call.app, viewer, key: call.api_client.key, is_whole, channel, seq, pieces };
    tokio::spawn(stream.run(is_lost));
    let fixed = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Without this, buffering proxies would delay events.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok::<Response, Failure>((fixed, Body::new(Pieces(body))).into_response())
}

struct Stream {
    app: App,
    viewer: Viewer,
    key: KeyId,
    is_whole: bool,
    channel: Option<ChannelId>,
    /// The newest entry read.
    seq: i64,
    pieces: mpsc::Sender<Bytes>,
}

impl Stream {
    async fn run(mut self, is_lost: bool) {
        // Subscribed before the first read, so that no entry in between is missed.
        let mut signal = self.app.store().signal();
        let mut stopping = self.app.web.stopping.clone();
        let mut first = String::from("retry: 1000\n\n");
        if is_lost {
            first.push_str(&format!("id: {}\nevent: reset\ndata: {{}}\n\n", self.seq));
        }
        let mut piece = Some(Bytes::from(first));
        let mut quiet = 0;
        loop {
            if let Some(piece) = piece.take()
                && self.pieces.send(piece).await.is_err()
            {
                return;
            }
            match self.next_events().await {
                Ok(Some((more, is_all))) => {
                    piece = (!more.is_empty()).then_some(more);
                    if !is_all || piece.is_some() {
                        quiet = 0;
                        continue;
                    }
                }
                // The key was revoked.
                Ok(None) => return,
                Err(error) => tracing::error!(%error, "the journal could not be read; trying again soon"),
            }
            tokio::select! {
                changed = signal.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(POLL_EVERY) => {
                    quiet += 1;
                    if quiet >= QUIET_POLLS {
                        quiet = 0;
                        piece = Some(Bytes::from_static(b":\n\n"));
                    }
                }
                _ = stopping.wait_for(|stop| *stop) => return,
                () = self.pieces.closed() => return,
            }
        }
    }

    /// Reads the next entries. Returns the events for this stream, and whether the end of the journal was reached; `None` if
    /// the key was revoked.
    async fn next_events(&mut self) -> error::Result<Option<(Bytes, bool)>> {
        let (viewer, key, seq) = (self.viewer.clone(), self.key, self.seq);
        let (is_whole, channel) = (self.is_whole, self.channel);
        let read = self.app.store().read_long(move |reader| {
            if !api_keys::is_good(reader, &viewer.actor, key)? {
                return Ok(None);
            }
            let entries = reader.journal_after(viewer.actor.workspace.0, seq, ENTRIES_AT_ONCE)?;
            let mut written = String::new();
            for entry in &entries {
                let Some(event) = Event::of(entry) else { continue };
                let is_wanted = channel.is_none_or(|channel| event.channel() == Some(channel));
                if is_wanted && is_for(reader, &viewer.actor, &event, is_whole)? {
                    write(reader, &viewer, entry, &event, &mut written)?;
                }
            }
            let is_all = (entries.len() as i64) < ENTRIES_AT_ONCE;
            Ok::<_, Error>(Some((entries.last().map_or(seq, |last| last.seq), written, is_all)))
        });
        let read = read.await?;
        // Clients resume from the numbers they receive, so entries must be durable first.
        self.app.store().durable().await?;
        Ok(read.map(|(seq, written, is_all)| {
            self.seq = seq;
            (Bytes::from(written), is_all)
        }))
    }
}

/// Whether a stream that does not cover the whole workspace receives an entry: only for channels that its admin is in,
/// and for people and projects that they may see.
fn is_for(reader: &Reader, actor: &Actor, event: &Event, is_whole: bool) -> error::Result<bool> {
    if is_whole {
        return Ok(true);
    }
    let Some(admin) = access::actor(reader, actor.workspace, actor.person)? else { return Ok(false) };
    let sees = match event {
        Event::ClientCreated { client }
        | Event::ClientUpdated { client }
        | Event::ClientActivated { client } => access::client(reader, &admin, *client),
        Event::CompanyCreated { company } | Event::CompanyUpdated { company } => {
            access::company(reader, &admin, *company)
        }
        Event::ProjectCreated { project } | Event::ProjectUpdated { project } => {
            access::project(reader, &admin, *project)
        }
        _ => match event.channel() {
            Some(channel) => members::is_in(reader, &admin, channel)?.then_some(()).ok_or(Error::NotFound),
            // Access to a deleted object can no longer be checked, so only admins with access to everything receive these.
            None if admin.limited => Err(Error::NotFound),
            None => Ok(()),
        },
    };
    match sees {
        Ok(()) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Appends an entry as an event, if API clients receive it.
fn write(
    reader: &Reader,
    viewer: &Viewer,
    entry: &Recorded,
    event: &Event,
    written: &mut String,
) -> error::Result<()> {
    let Some((name, object)) = payload_for(reader, viewer, event)? else { return Ok(()) };
    let payload = EventPayload { workspace_id: viewer.actor.workspace, channel_id: event.channel(), object };
    // Objects of the API always serialize, and JSON escapes line breaks.
    let data = serde_json::to_string(&payload).expect("an object of the API has a JSON form");
    written.push_str(&format!("id: {}\nevent: {name}\ndata: {data}\n\n", entry.seq));
    Ok(())
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
    payload_for(reader, &viewer, event)
}

fn payload_for(
    reader: &Reader,
    viewer: &Viewer,
    event: &Event,
) -> error::Result<Option<(&'static str, Value)>> {
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

/// The response body of a stream.
struct Pieces(mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
