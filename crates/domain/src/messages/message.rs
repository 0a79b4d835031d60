//! Messages and how they are read: one by id, or a window of a conversation, in the same order for everyone (M4).
//! Sending is in [`crate::messages::sending`], editing and deleting in [`crate::messages::changing`].

use store::{Reader, Time};

use crate::kernel::access::{self, Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::messages;
use crate::messages::attachments::{self, Attachment};

columns! {
    /// A message as everybody in its channel sees it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Message {
        pub id: MessageId = "m.id",
        pub channel: ChannelId = "m.channel",
        /// From 1, without gaps.
        pub position: i64 = "m.position",
        pub author: PersonId = "m.author",
        pub author_name: Name = "p.given_name, p.family_name, p.email",
        pub author_role: Role = "p.role",
        /// Markdown; empty if the message was deleted.
        pub text: String = "m.text",
        /// When the portal received it.
        pub sent_at: Time = "m.sent_at",
        pub edited_at: Option<Time> = "m.edited_at",
        pub deleted_at: Option<Time> = "m.deleted_at",
        /// The members mentioned, with the name as written (M8).
        pub mentions: Vec<(PersonId, String)> => Vec::new(),
        /// Empty if the message was deleted (F5).
        pub attachments: Vec<Attachment> => Vec::new(),
    }
}

/// Which part of a conversation to read.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    Newest,
    /// The messages just before a position.
    Before(i64),
    /// The messages just after a position.
    After(i64),
}

/// The columns of [`Message`], and its number of attachments.
const COLUMNS: &str = constcat::concat!(Message::COLUMNS, ", m.attachments");

/// Finds a message that the requester may see.
pub fn find(reader: &Reader, actor: &Actor, message: MessageId) -> Result<Message> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE m.workspace = $1 AND m.id = $2"
    );
    let found: (Message, i64) =
        reader.first(&sql, &[&actor.workspace, &message], |row| row.read())?.ok_or(Error::NotFound)?;
    access::channel(reader, actor, found.0.channel)?;
    complete(reader, actor.workspace, found)
}

/// At most `most` messages of a channel, oldest first.
pub fn page(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    stretch: Window,
    most: i64,
) -> Result<Vec<Message>> {
    access::channel(reader, actor, channel)?;
    let (from, order, edge) = match stretch {
        Window::Newest => ("<", "DESC", i64::MAX),
        Window::Before(position) => ("<", "DESC", position),
        Window::After(position) => (">", "ASC", position),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.position {from} $3 ORDER BY m.position {order} LIMIT $4"
    );
    let mut found = reader.all(&sql, &[&actor.workspace, &channel, &edge, &most], |row| row.read())?;
    if order == "DESC" {
        found.reverse();
    }
    found.into_iter().map(|found| complete(reader, actor.workspace, found)).collect()
}

/// The message at a position, without an access check: events are filtered where they are routed.
pub fn at(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    position: i64,
) -> Result<Option<Message>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.position = $3"
    );
    let found = reader.first(&sql, &[&workspace, &channel, &position], |row| row.read())?;
    found.map(|found| complete(reader, workspace, found)).transpose()
}

/// The messages that have a file attached, without an access check; for events.
pub fn showing(reader: &Reader, workspace: WorkspaceId, file: FileId) -> Result<Vec<Message>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attachments a \
         JOIN messages m ON m.workspace = a.workspace AND m.id = a.message \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE a.workspace = $1 AND a.file = $2 ORDER BY m.channel, m.position"
    );
    let found = reader.all(&sql, &[&workspace, &file], |row| row.read())?;
    found.into_iter().map(|found| complete(reader, workspace, found)).collect()
}

/// Adds mentions and attachments. Only looks them up for messages that can have any, which are few.
fn complete(
    reader: &Reader,
    workspace: WorkspaceId,
    (mut message, attachments): (Message, i64),
) -> Result<Message> {
    if message.text.contains('@') {
        message.mentions = messages::mentions::of(reader, workspace, message.id)?;
    }
    if attachments > 0 {
        message.attachments = attachments::of_message(reader, workspace, message.id)?;
    }
    Ok(message)
}
