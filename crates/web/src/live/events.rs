//! Journal entries as live events for pages. Each is serialized once and shared by all streams.

use bytes::Bytes;
use domain::channels::channel;
use domain::directory::person;
use domain::kernel::error;
use domain::kernel::ids::{self, ChannelId, FileId, PersonId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::messages::message;
use serde::Serialize;
use store::Reader;

use crate::http::times;
use crate::pages::messages::fragment;

/// Tells a page that its person lost access to a channel.
pub(crate) fn gone(channel: ChannelId) -> Bytes {
    write(None, "gone", &At { channel })
}

#[derive(Serialize)]
struct At {
    channel: ChannelId,
}

/// Somebody is typing. Not in the journal: it is worthless later.
pub(crate) fn typing(channel: ChannelId, person: PersonId, name: &str) -> Bytes {
    #[derive(Serialize)]
    struct Typing<'a> {
        channel: ChannelId,
        person: PersonId,
        name: &'a str,
    }
    write(None, "typing", &Typing { channel, person, name })
}

/// An event without data.
pub(crate) fn bare(name: &'static str) -> Bytes {
    #[derive(Serialize)]
    struct Nothing {}
    write(None, name, &Nothing {})
}

/// A comment that keeps proxies from closing a quiet stream.
pub(crate) fn heartbeat() -> Bytes {
    Bytes::from_static(b":\n\n")
}

/// Returns `None` if pages do not need to know of the entry.
pub(crate) fn of(
    reader: &Reader,
    workspace: WorkspaceId,
    seq: i64,
    event: &Event,
) -> error::Result<Option<Bytes>> {
    let seq = Some(seq);
    Ok(match event {
        Event::MessageSent { channel, position, .. } => {
            message::at(reader, workspace, *channel, *position)?.map(|message| sent(seq, &message))
        }
        Event::MessageUpdated { channel, position, .. } | Event::MessageDeleted { channel, position, .. } => {
            message::at(reader, workspace, *channel, *position)?.map(|message| changed(seq, &message))
        }
        Event::FileCreated { channel, file } => Some(file_changed(seq, *channel, *file)),
        // Messages show their files, so they change too.
        Event::FileUpdated { channel, file } | Event::FileDeleted { channel, file } => {
            let mut told = Vec::from(file_changed(seq, *channel, *file));
            for message in message::showing(reader, workspace, *file)? {
                told.extend_from_slice(&changed(seq, &message));
            }
            Some(Bytes::from(told))
        }
        Event::ChannelRead { channel, person, position, .. } => Some(write(
            seq,
            "read",
            &Read { channel: *channel, person: *person, position: *position, at: times::exact(reader.now()) },
        )),
        Event::ChannelCreated { channel } | Event::ChannelUpdated { channel } => {
            channel::for_events(reader, workspace, *channel)?.map(|told| {
                let archived = told.archived_at.is_some();
                let channel =
                    ChannelTold { channel: *channel, title: &told.title, kind: told.kind.word(), archived };
                write(seq, "channel", &channel)
            })
        }
        Event::MembersChanged { channel, joined, left } => {
            let mut named = Vec::with_capacity(joined.len());
            for person in joined {
                if let Some(name) = person::display_name(reader, workspace, *person)? {
                    named.push(Joined { person: *person, name: name.full() });
                }
            }
            Some(write(seq, "members", &Members { channel: *channel, joined: named, left }))
        }
        Event::NotificationSent { channel, .. }
        | Event::NotificationFailed { channel, .. }
        | Event::NotificationChanged { channel, .. } => Some(write(seq, "notice", &At { channel: *channel })),
        // Pages learn of changes to people and projects through the channels that change with them.
        _ => None,
    })
}

#[derive(Serialize)]
struct Sent<'a> {
    channel: ChannelId,
    id: ids::MessageId,
    position: i64,
    author: PersonId,
    name: String,
    at: String,
    preview: String,
    html: &'a str,
}

fn sent(seq: Option<i64>, message: &message::Message) -> Bytes {
    let html = fragment::fragment(message);
    let sent = Sent {
        channel: message.channel,
        id: message.id,
        position: message.position,
        author: message.author,
        name: message.author_name.full(),
        at: times::exact(message.sent_at),
        preview: fragment::preview(message),
        html: &html,
    };
    write(seq, "message", &sent)
}

#[derive(Serialize)]
struct Changed<'a> {
    channel: ChannelId,
    id: ids::MessageId,
    position: i64,
    preview: String,
    html: &'a str,
}

fn changed(seq: Option<i64>, message: &message::Message) -> Bytes {
    let html = fragment::fragment(message);
    let changed = Changed {
        channel: message.channel,
        id: message.id,
        position: message.position,
        preview: fragment::preview(message),
        html: &html,
    };
    write(seq, "changed", &changed)
}

/// Pages that show the channel's files reload them.
fn file_changed(seq: Option<i64>, channel: ChannelId, file: FileId) -> Bytes {
    #[derive(Serialize)]
    struct File {
        channel: ChannelId,
        pub(crate) id: FileId,
    }
    write(seq, "file", &File { channel, id: file })
}

#[derive(Serialize)]
struct Read {
    channel: ChannelId,
    person: PersonId,
    position: i64,
    at: String,
}

#[derive(Serialize)]
struct ChannelTold<'a> {
    channel: ChannelId,
    title: &'a str,
    kind: &'static str,
    archived: bool,
}

#[derive(Serialize)]
struct Members<'a> {
    channel: ChannelId,
    joined: Vec<Joined>,
    left: &'a [PersonId],
}

#[derive(Serialize)]
struct Joined {
    person: PersonId,
    name: String,
}

fn write(seq: Option<i64>, name: &str, data: &impl Serialize) -> Bytes {
    // Ids, numbers and text always serialize, and JSON escapes line breaks.
    let data = serde_json::to_string(data).expect("an event has a JSON form");
    Bytes::from(match seq {
        Some(seq) => format!("id: {seq}\nevent: {name}\ndata: {data}\n\n"),
        None => format!("event: {name}\ndata: {data}\n\n"),
    })
}
