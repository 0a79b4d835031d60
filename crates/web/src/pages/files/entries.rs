//! Entries of file channels as lists show them: kind, size, author, time, and the message that a file was sent with
//! (F1).

use domain::files::entry::{Entry, Kind, Stored};
use domain::files::{blobs, browsing};
use domain::kernel::access::Actor;
use domain::kernel::ids::{ChannelId, FileId, MessageId};
use domain::kernel::{display, error};
use jiff::tz::TimeZone;
use store::{Reader, Time};

use crate::http::times::{self, Shown};
use crate::pages::files::attached;

/// An entry as templates show it.
pub(crate) struct Row {
    pub(crate) id: FileId,
    pub(crate) name: String,
    /// Selects the icon: a folder, a link, or a class of files.
    pub(crate) class: &'static str,
    pub(crate) is_folder: bool,
    /// The address of its page.
    pub(crate) href: String,
    /// For instance `PDF · 1.2 MB`.
    pub(crate) kind: String,
    /// Why it is currently unavailable.
    pub(crate) state: Option<&'static str>,
    /// The address of its small version.
    pub(crate) small: Option<String>,
    pub(crate) who: String,
    pub(crate) at: Shown,
    /// The address of the message that it was sent with.
    pub(crate) sent: Option<String>,
    /// Whether it is read-only for client users.
    pub(crate) is_read_only: bool,
}

impl Row {
    pub(crate) fn of(entry: &Entry, actor: &Actor, now: Time, zone: &TimeZone) -> Row {
        let channel = entry.channel;
        let is_own = entry.creator == actor.person;
        Row {
            id: entry.id,
            name: display::shown(&entry.name),
            class: class(entry),
            is_folder: entry.kind == Kind::Folder,
            href: format!("/files/{channel}/{}", entry.id),
            kind: kind(entry),
            state: state(entry),
            small: small(entry),
            who: if is_own { "You".to_string() } else { entry.creator_name.full() },
            at: times::shown(entry.created_at, now, zone),
            sent: entry.message.map(|message| message_address(channel, message)),
            is_read_only: entry.read_only_at.is_some(),
        }
    }
}

/// The address of a message within its conversation.
pub(crate) fn message_address(channel: ChannelId, message: MessageId) -> String {
    format!("/messages/{channel}?message={message}#message-{message}")
}

/// One word for an entry's icon.
pub(crate) fn class(entry: &Entry) -> &'static str {
    match entry.kind {
        Kind::File => entry.class().word(),
        kind => kind.word(),
    }
}

/// An entry's kind and size in words.
pub(crate) fn kind(entry: &Entry) -> String {
    match (entry.kind, &entry.stored) {
        (Kind::Folder, _) => "Folder".to_string(),
        (Kind::Link, _) => format!("Link to {}", host(entry.link_url.as_deref().unwrap_or_default())),
        (Kind::File, None) => attached::kind(&entry.name, entry.class()),
        (Kind::File, Some(stored)) => {
            format!("{} · {}", attached::kind(&entry.name, entry.class()), display::size(stored.size))
        }
    }
}

/// The host that a link leads to, without user info.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // What precedes an `@` is user info, even if it looks like a host.
    host.rsplit('@').next().unwrap_or(host)
}

/// Why a file is currently unavailable.
pub(crate) fn state(entry: &Entry) -> Option<&'static str> {
    match (entry.kind, &entry.stored) {
        (Kind::File, None) => Some("Not uploaded yet"),
        (_, Some(Stored { held: Some(why), .. })) if why == blobs::UNCHECKED => Some("Being checked"),
        (_, Some(Stored { held: Some(why), .. })) if why == blobs::DAMAGED => Some("Damaged"),
        (_, Some(Stored { held: Some(_), .. })) => Some("Held back"),
        _ => None,
    }
}

fn small(entry: &Entry) -> Option<String> {
    let stored = entry.stored.as_ref().filter(|stored| stored.held.is_none())?;
    stored.small.map(|_| format!("/files/{}/{}/small", entry.channel, entry.id))
}

/// The newest files of a channel, from all its folders.
pub(crate) fn newest(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    most: i64,
    zone: &TimeZone,
) -> error::Result<Vec<Row>> {
    let found = browsing::newest(reader, actor, channel, most)?;
    Ok(found.iter().map(|entry| Row::of(entry, actor, reader.now(), zone)).collect())
}

#[cfg(test)]
mod tests {
    use crate::pages::files::entries::host;

    #[test]
    fn f6_a_link_is_shown_by_the_host_that_it_leads_to() {
        assert_eq!(host("https://example.com/a?b#c"), "example.com");
        assert_eq!(host("https://bank.example@evil.example/"), "evil.example");
        assert_eq!(host("http://example.com:8080"), "example.com:8080");
    }
}
