//! Messages: sent once under an id of the sender's device (M2), in one order for everyone (M4), edited and deleted.
//!
//! A message, the sender's read position, the words for searching and the journal's entry change in one transaction.

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
        /// Its place in the channel, from 1, without gaps.
        pub position: i64 = "m.position",
        pub author: PersonId = "m.author",
        /// The author's name.
        pub author_name: Name = "p.given_name, p.family_name, p.email",
        /// The author's role.
        pub author_role: Role = "p.role",
        /// What it says, in Markdown; empty where it was deleted.
        pub text: String = "m.text",
        /// When it was received.
        pub sent_at: Time = "m.sent_at",
        /// When its text was last changed.
        pub edited_at: Option<Time> = "m.edited_at",
        pub deleted_at: Option<Time> = "m.deleted_at",
        /// The members it names, with the words that name them (M8).
        pub mentions: Vec<(PersonId, String)> => Vec::new(),
        /// The files that it was sent with; none where it was deleted (F5).
        pub attachments: Vec<Attachment> => Vec::new(),
    }
}

/// Which stretch of a conversation is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// The newest messages.
    Newest,
    /// Those just before a position.
    Before(i64),
    /// Those just after a position.
    After(i64),
}

/// The columns of [`Message`], and how many attachments it has.
const COLUMNS: &str = constcat::concat!(Message::COLUMNS, ", m.attachments");

/// One message of a channel that the one who asks may see.
///
/// # Errors
/// `NotFound`.
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

/// A stretch of a conversation, oldest first, of at most `most` messages.
///
/// # Errors
/// `NotFound`.
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

/// A message of a workspace for those who carry news of it; who hears of it is decided where it is routed.
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

/// The messages that show a file, for those who carry news of it.
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

/// A message with what stands in other tables, which few messages have.
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
