//! All personal data of one client user, for a copy on request (R3): who they are, their own conversation and what they
//! wrote elsewhere, their files, and what was sent to them. What others wrote elsewhere is not theirs and is left out.

use store::{Nullable, Reader, Time};
use uuid::Uuid;

use crate::channels::channel;
use crate::directory::person::Person;
use crate::directory::{clients, companies};
use crate::files::blobs::BlobRecord;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, FileId, PersonId};
use crate::kernel::medium;
use crate::kernel::name::Name;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Message {
        pub channel: ChannelId = "m.channel",
        pub position: i64 = "m.position",
        pub sent_at: Time = "m.sent_at",
        pub author: Name = "p.given_name, p.family_name, p.email",
        /// Empty if it was deleted.
        pub text: String = "m.text",
        pub edited_at: Option<Time> = "m.edited_at",
        pub deleted_at: Option<Time> = "m.deleted_at",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    /// Valid as a file name on every system.
    pub name: String,
    /// `None` while the file is held back (F13).
    pub bytes: Option<BlobRecord>,
}

columns! {
    /// Something that was sent, or was to be sent, outside the portal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Notice {
        /// When it was due.
        pub created_at: Time = "created_at",
        pub kind: String = "kind",
        pub sent_at: Option<Time> = "sent_at",
        /// When it failed permanently.
        pub failed_at: Option<Time> = "failed_at",
        /// Why it failed or was dropped.
        pub reason: Option<String> = "reason",
    }
}

/// The client user and the names of their companies.
///
/// # Errors
/// `NotFound`, also if the actor is a client user; `Forbidden` for staff.
pub fn person(reader: &Reader, actor: &Actor, client: PersonId) -> Result<(Person, String)> {
    access::admin(actor)?;
    let person = clients::client(reader, actor, client)?;
    let companies = companies::names_of(reader, actor.workspace, client)?;
    Ok((person, companies))
}

/// At most `most` messages after a position, by channel and position: all of their own channel, elsewhere only theirs.
///
/// # Errors
/// As [`person`].
pub fn messages(
    reader: &Reader,
    actor: &Actor,
    client: PersonId,
    after: Option<(ChannelId, i64)>,
    most: i64,
) -> Result<Vec<Message>> {
    person(reader, actor, client)?;
    let (channel, position) = after.unwrap_or((ChannelId(Uuid::nil()), 0));
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            Message::COLUMNS,
            " FROM messages m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
             JOIN people p ON p.workspace = m.workspace AND p.id = m.author WHERE m.workspace = $1 \
             AND (m.channel, m.position) > ($3, $4) AND (c.subject = $2 OR m.author = $2) \
             ORDER BY m.channel, m.position LIMIT $5"
        ),
        &[&actor.workspace, &client, &channel, &position, &most],
        |row| row.read(),
    )?)
}

pub fn title(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<String> {
    let told = channel::for_events(reader, actor.workspace, channel)?;
    Ok(told.map(|told| told.title).unwrap_or_default())
}

/// At most `most` files after one, by id: all in their own file channel, elsewhere only those they added.
///
/// # Errors
/// As [`person`].
pub fn files(
    reader: &Reader,
    actor: &Actor,
    client: PersonId,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<File>> {
    person(reader, actor, client)?;
    let after = after.unwrap_or(FileId(Uuid::nil()));
    Ok(reader.all(
        constcat::concat!(
            "SELECT f.id, f.safe_name, ",
            BlobRecord::COLUMNS,
            " FROM files f JOIN channels c ON c.workspace = f.workspace AND c.id = f.channel \
         LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob AND b.held_at IS NULL \
         WHERE f.workspace = $1 AND f.kind = 'file' AND f.blob IS NOT NULL AND f.deleted_at IS NULL AND f.id > $3 \
         AND (c.subject = $2 OR f.creator = $2) ORDER BY f.id LIMIT $4"
        ),
        &[&actor.workspace, &client, &after, &most],
        |row| {
            let (id, name, Nullable(bytes)) = row.read()?;
            Ok(File { id, name, bytes })
        },
    )?)
}

/// What was sent to them outside the portal, oldest first.
///
/// # Errors
/// As [`person`].
pub fn notices(reader: &Reader, actor: &Actor, client: PersonId) -> Result<Vec<Notice>> {
    person(reader, actor, client)?;
    let mut found: Vec<Notice> = reader.all(
        constcat::concat!(
            "SELECT ",
            Notice::COLUMNS,
            " FROM deliveries WHERE workspace = $1 AND person = $2 AND webhook IS NULL ORDER BY created_at, id"
        ),
        &[&actor.workspace, &client],
        |row| row.read(),
    )?;
    found.extend(reader.all(
        "SELECT created_at, suppressed FROM digests WHERE workspace = $1 AND person = $2 AND suppressed IS NOT NULL \
         ORDER BY created_at, id",
        &[&actor.workspace, &client],
        |row| {
            let kind = medium::digest_word(medium::Medium::Email).to_string();
            let (created_at, reason) = row.read()?;
            Ok(Notice { created_at, kind, sent_at: None, failed_at: None, reason })
        },
    )?);
    found.sort_by_key(|notice| notice.created_at);
    Ok(found)
}
