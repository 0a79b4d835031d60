//! Messages: sent once under an id of the sender's device (M2), in one order for everyone (M4), edited and deleted.
//!
//! A message, the sender's read position, the words for searching and the journal's entry change in one transaction.

use store::{Reader, Row, Time};

use crate::kernel::access::{self, Actor, Role};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::messages;
use crate::messages::attachments::{self, Attachment};

/// A message as everybody in its channel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its place in the channel, from 1, without gaps.
    pub position: i64,
    /// Who wrote it.
    pub author: PersonId,
    /// The author's name.
    pub author_name: Name,
    /// The author's role.
    pub author_role: Role,
    /// What it says, in Markdown; empty where it was deleted.
    pub text: String,
    /// When it was received.
    pub sent_at: Time,
    /// When its text was last changed.
    pub edited_at: Option<Time>,
    /// When it was deleted.
    pub deleted_at: Option<Time>,
    /// The members it names, with the words that name them (M8).
    pub mentions: Vec<(PersonId, String)>,
    /// The files that it was sent with; none where it was deleted (F5).
    pub attachments: Vec<Attachment>,
}

/// Which stretch of a conversation is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Stretch {
    /// The newest messages.
    Newest,
    /// Those just before a position.
    Before(i64),
    /// Those just after a position.
    After(i64),
}

const COLUMNS: &str = "m.id, m.channel, m.position, m.author, p.given_name, p.family_name, p.email, p.role, m.text, \
     m.sent_at, m.edited_at, m.deleted_at, m.attachments";

/// A message as it was found, and whether there are files to be found with it.
fn read(row: &Row<'_>) -> store::Result<(Message, bool)> {
    let attachments: i64 = row.get(12)?;
    let message = Message {
        id: row.get(0)?,
        channel: row.get(1)?,
        position: row.get(2)?,
        author: row.get(3)?,
        author_name: Name::read(row, 4)?,
        author_role: row.get(7)?,
        text: row.get(8)?,
        sent_at: row.get(9)?,
        edited_at: row.get(10)?,
        deleted_at: row.get(11)?,
        mentions: Vec::new(),
        attachments: Vec::new(),
    };
    Ok((message, attachments > 0))
}

/// One message of a channel that the one who asks may see.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, message: MessageId) -> Result<Message> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE m.workspace = $1 AND m.id = $2"
    );
    let found = reader.first(&sql, &[&actor.workspace, &message], read)?.ok_or(Error::NotFound)?;
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
    stretch: Stretch,
    most: i64,
) -> Result<Vec<Message>> {
    access::channel(reader, actor, channel)?;
    let (from, order, edge) = match stretch {
        Stretch::Newest => ("<", "DESC", i64::MAX),
        Stretch::Before(position) => ("<", "DESC", position),
        Stretch::After(position) => (">", "ASC", position),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.position {from} $3 ORDER BY m.position {order} LIMIT $4"
    );
    let mut found = reader.all(&sql, &[&actor.workspace, &channel, &edge, &most], read)?;
    if order == "DESC" {
        found.reverse();
    }
    found.into_iter().map(|found| complete(reader, actor.workspace, found)).collect()
}

/// A message of a workspace for those who carry news of it; who hears of it is decided where it is routed.
///
/// # Errors
/// Where the database cannot be read.
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
    let found = reader.first(&sql, &[&workspace, &channel, &position], read)?;
    found.map(|found| complete(reader, workspace, found)).transpose()
}

/// The messages that show a file, for those who carry news of it.
///
/// # Errors
/// Where the database cannot be read.
pub fn showing(reader: &Reader, workspace: WorkspaceId, file: FileId) -> Result<Vec<Message>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attachments a \
         JOIN messages m ON m.workspace = a.workspace AND m.id = a.message \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.author \
         WHERE a.workspace = $1 AND a.file = $2 ORDER BY m.channel, m.position"
    );
    let found = reader.all(&sql, &[&workspace, &file], read)?;
    found.into_iter().map(|found| complete(reader, workspace, found)).collect()
}

/// A message with what stands in other tables, which few messages have.
fn complete(
    reader: &Reader,
    workspace: WorkspaceId,
    (mut message, has_files): (Message, bool),
) -> Result<Message> {
    if message.text.contains('@') {
        message.mentions = messages::mentions::of(reader, workspace, message.id)?;
    }
    if has_files {
        message.attachments = attachments::of_message(reader, workspace, message.id)?;
    }
    Ok(message)
}
