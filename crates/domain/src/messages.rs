//! Messages: sent once under an id of the sender's device (M2), in one order for everyone (M4), edited and deleted.
//!
//! A message, the sender's read position, the words for searching and the journal's entry change in one transaction.

use store::{Engine, Reader, Row, Time, Tx};

use crate::access::{self, Actor, Role};
use crate::error::{Error, Problem, Result};
use crate::files::{self, Attached, Attachment};
use crate::ids::{ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::journal::{self, Event};
use crate::people::Name;
use crate::{formatting, limits, members, missed, search};

/// A message about to be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made by the sender's device: the same again is the same message.
    pub id: MessageId,
    /// Where it goes.
    pub channel: ChannelId,
    /// What it says, in Markdown. May be empty where there are files (M1).
    pub text: String,
    /// Files that it is sent with, at most [`limits::ATTACHMENTS`].
    pub attachments: Vec<Attached>,
    /// The newest position that the sender had on screen while writing: answering counts as having read it.
    pub shown: Option<i64>,
}

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

/// Sends a message and answers it as it stands; its files are filed at once (F1). The same id again changes nothing and
/// answers the same (M2).
///
/// # Errors
/// `NotFound` for a channel that is not there or not the sender's; `Forbidden` where the sender has left it;
/// `Conflict` for an id that stands for another message; `Field` for a text or id that cannot be taken.
pub fn send(tx: &mut Tx, actor: &Actor, draft: &Draft) -> Result<Message> {
    if draft.id.0.get_version_num() != 7 {
        return Err(Error::field("id", Problem::NoId));
    }
    let text = limits::message("text", &draft.text, !draft.attachments.is_empty())?;
    let Next { author_name, position, newest_row } = match look_up(tx, actor, draft)? {
        Known::Message(message) => return Ok(*message),
        Known::Next(next) => next,
    };
    let ready = files::check(tx, actor, draft.channel, &draft.attachments)?;
    let now = tx.now();
    tx.run(
        "UPDATE channels SET last_position = $4, last_message_at = $3, archived_at = NULL \
         WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &draft.channel, &now, &position],
    )?;
    let shown = draft.shown.unwrap_or(0).min(position - 1);
    step_forward(tx, actor, draft.channel, position, shown)?;
    let search_row = search::add(tx, newest_row)?;
    tx.run(
        "INSERT INTO messages (workspace, channel, position, id, author, text, sent_at, search_row, attachments) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &actor.workspace,
            &draft.channel,
            &position,
            &draft.id,
            &actor.person,
            &text,
            &now,
            &search_row,
            &count(&ready),
        ],
    )?;
    let mentions = mention(tx, actor, draft.channel, draft.id, &text)?;
    missed::note(tx, actor.workspace, draft.channel, position)?;
    let event =
        Event::MessageSent { channel: draft.channel, message: draft.id, position, author: actor.person };
    journal::record(tx, actor.workspace, &event);
    let mut attachments = Vec::new();
    if !ready.is_empty() {
        files::attach(tx, actor, draft.channel, draft.id, &ready)?;
        attachments = files::of_message(tx, actor.workspace, draft.id)?;
    }
    // Put together from what was just written: reading it back would cost as much as writing it.
    Ok(Message {
        id: draft.id,
        channel: draft.channel,
        position,
        author: actor.person,
        author_name,
        author_role: actor.role,
        text,
        sent_at: now,
        edited_at: None,
        deleted_at: None,
        mentions,
        attachments,
    })
}

fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// Sends a message for a program: as the person whom it names, else as the admin who made its key. The sender must be in
/// the channel.
///
/// # Errors
/// As [`send`]; `Field` for a sender who is not there or not in the channel.
pub fn send_as(tx: &mut Tx, program: &Actor, sender: Option<PersonId>, draft: &Draft) -> Result<Message> {
    access::channel(tx, program, draft.channel)?;
    let sender = members::speaker(tx, program, draft.channel, "senderId", sender)?;
    send(tx, &sender, draft)
}

/// What is known of a draft before it is sent.
enum Known {
    /// The message that its id stands for already.
    Message(Box<Message>),
    /// Nothing: it is sent now.
    Next(Next),
}

/// What a message is sent with.
struct Next {
    /// What its author is called.
    author_name: Name,
    /// Its place in the channel.
    position: i64,
    /// For its own row in the search's index.
    newest_row: Option<i64>,
}

/// Holds the channel until the transaction ends: its next position is taken once.
fn look_up(tx: &Tx, actor: &Actor, draft: &Draft) -> Result<Known> {
    let held = match tx.engine() {
        // It has one writer.
        Engine::Sqlite => "",
        Engine::Postgres => "FOR NO KEY UPDATE OF c",
    };
    let newest_row = search::newest_row(tx.engine());
    let (next, channel, author) = tx
        .first(
            &format!(
                "SELECT p.given_name, p.family_name, p.email, c.last_position, m.channel, m.author, {newest_row} FROM people p \
                 JOIN channels c ON c.workspace = p.workspace AND c.id = $4 \
                 LEFT JOIN messages m ON m.workspace = p.workspace AND m.id = $3 \
                 WHERE p.workspace = $1 AND p.id = $2 {held}"
            ),
            &[&actor.workspace, &actor.person, &draft.id, &draft.channel],
            |row| {
                let (last, newest_row) = (row.get::<i64>(3)?, row.get(6)?);
                let next = Next { author_name: Name::read(row, 0)?, position: last + 1, newest_row };
                Ok((next, row.get::<Option<ChannelId>>(4)?, row.get::<Option<PersonId>>(5)?))
            },
        )?
        .ok_or(Error::NotFound)?;
    match channel.zip(author) {
        None => Ok(Known::Next(next)),
        Some(place) if place == (draft.channel, actor.person) => {
            Ok(Known::Message(Box::new(find(tx, actor, draft.id)?)))
        }
        Some(_) => {
            access::channel(tx, actor, draft.channel)?;
            Err(Error::Conflict("This id stands for another message."))
        }
    }
}

/// The sender's own read position: what the page showed counts as read; where nothing was unread, one's own message
/// leaves nothing unread either, else it is one more that does not count.
fn step_forward(tx: &mut Tx, actor: &Actor, channel: ChannelId, position: i64, shown: i64) -> Result<()> {
    if shown > 0 {
        members::read_up_to(tx, actor, channel, shown)?;
    }
    let member = tx.run(
        "UPDATE members SET spoke_at = $5, \
         skipped = CASE WHEN read_position + skipped + 1 >= $4 THEN 0 ELSE skipped + 1 END, \
         read_position = CASE WHEN read_position + skipped + 1 >= $4 THEN $4 ELSE read_position END \
         WHERE workspace = $1 AND channel = $2 AND person = $3 AND left_at IS NULL",
        &[&actor.workspace, &channel, &actor.person, &position, &tx.now()],
    )?;
    if member == 0 {
        access::channel(tx, actor, channel)?;
        return Err(Error::Forbidden);
    }
    Ok(())
}

/// Keeps which members a text names: `@` and a member's full name, or their given name where nobody's full name is
/// meant. Answers them in the order of their names.
fn mention(
    tx: &Tx,
    actor: &Actor,
    channel: ChannelId,
    message: MessageId,
    text: &str,
) -> Result<Vec<(PersonId, String)>> {
    if !text.contains('@') {
        return Ok(Vec::new());
    }
    let members = members::all(tx, actor.workspace, channel)?;
    let named = |name: &str| !name.is_empty() && formatting::mentions(text, name);
    let (in_full, others): (Vec<_>, Vec<_>) = members
        .into_iter()
        .map(|member| (member.person, member.name))
        .partition(|(_, name)| named(&name.full()));
    let mut mentioned: Vec<(PersonId, String)> =
        in_full.into_iter().map(|(person, name)| (person, name.full())).collect();
    // "@Jane Lee" does not also mean Jane Smith.
    let means_another = |given: &str| mentioned.iter().any(|(_, full)| full.starts_with(given));
    let by_given: Vec<_> = others
        .into_iter()
        .filter(|(_, name)| named(&name.given) && !means_another(&name.given))
        .map(|(person, name)| (person, name.given))
        .collect();
    mentioned.extend(by_given);
    mentioned.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
    for (person, name) in &mentioned {
        tx.run(
            "INSERT INTO mentions (workspace, message, person, name) VALUES ($1, $2, $3, $4)",
            &[&actor.workspace, &message, person, name],
        )?;
    }
    Ok(mentioned)
}

/// Changes the text of one's own message; it is marked as edited (M5). A program changes anybody's.
///
/// # Errors
/// `NotFound`; `Forbidden` for somebody else's message; `Conflict` where it was deleted; `Field` for the text.
pub fn edit(tx: &mut Tx, actor: &Actor, message: MessageId, text: &str) -> Result<Message> {
    let found = own(tx, actor, message)?;
    let text = limits::message("text", text, !found.attachments.is_empty())?;
    if found.deleted_at.is_some() {
        return Err(Error::Conflict("This message was deleted."));
    }
    if found.text == text {
        return Ok(found);
    }
    let search_row = search::replace(tx, actor.workspace, &found, &text)?;
    tx.run(
        "UPDATE messages SET text = $4, edited_at = $5, search_row = $6 \
         WHERE workspace = $1 AND channel = $2 AND position = $3",
        &[&actor.workspace, &found.channel, &found.position, &text, &tx.now(), &search_row],
    )?;
    forget_mentions(tx, actor, message)?;
    mention(tx, actor, found.channel, message, &text)?;
    let event = Event::MessageUpdated { channel: found.channel, message, position: found.position };
    journal::record(tx, actor.workspace, &event);
    find(tx, actor, message)
}

/// Deletes one's own message: a tombstone stays, its text is gone everywhere (M5), its files stay in Files (F5). Again
/// changes nothing. A program deletes anybody's.
///
/// # Errors
/// `NotFound`; `Forbidden` for somebody else's message.
pub fn delete(tx: &mut Tx, actor: &Actor, message: MessageId) -> Result<Message> {
    let found = own(tx, actor, message)?;
    if found.deleted_at.is_some() {
        return Ok(found);
    }
    search::remove(tx, actor.workspace, &found)?;
    tx.run(
        "UPDATE messages SET text = '', deleted_at = $4, search_row = NULL, attachments = 0 \
         WHERE workspace = $1 AND channel = $2 AND position = $3",
        &[&actor.workspace, &found.channel, &found.position, &tx.now()],
    )?;
    forget_mentions(tx, actor, message)?;
    files::detach(tx, actor.workspace, message)?;
    // To its author it never counted; to those who have read it, it is behind them.
    tx.run(
        "UPDATE members SET skipped = skipped + 1 \
         WHERE workspace = $1 AND channel = $2 AND read_position < $3 AND person <> $4",
        &[&actor.workspace, &found.channel, &found.position, &found.author],
    )?;
    let event = Event::MessageDeleted { channel: found.channel, message, position: found.position };
    journal::record(tx, actor.workspace, &event);
    find(tx, actor, message)
}

fn forget_mentions(tx: &Tx, actor: &Actor, message: MessageId) -> Result<()> {
    tx.run("DELETE FROM mentions WHERE workspace = $1 AND message = $2", &[&actor.workspace, &message])?;
    Ok(())
}

fn own(tx: &Tx, actor: &Actor, message: MessageId) -> Result<Message> {
    let found = find(tx, actor, message)?;
    if found.author == actor.person || actor.is_program() { Ok(found) } else { Err(Error::Forbidden) }
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
        message.mentions = reader.all(
            "SELECT person, name FROM mentions WHERE workspace = $1 AND message = $2 ORDER BY name, person",
            &[&workspace, &message.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
    }
    if has_files {
        message.attachments = files::of_message(reader, workspace, message.id)?;
    }
    Ok(message)
}
