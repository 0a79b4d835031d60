//! Sending a message (M1 to M4). The message, its position, the sender's read position, the search row and
//! the journal entry are written in one transaction. Few statements run with every message: one query looks
//! everything up ([`look_up`]), and nothing written is read back.

use store::Tx;

use crate::channels::{acting_as, members};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, MessageId, PersonId};
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;
use crate::kernel::name::Name;
use crate::messages::attachments::{self, Attached};
use crate::messages::message::{Message, find};
use crate::messages::{mentions, search, unread_backlog};

#[derive(Clone, Debug)]
pub struct Draft {
    /// Created by the sender's device, version 7. The same id again is the same message (M2).
    pub id: MessageId,
    pub channel: ChannelId,
    /// Markdown. May be empty if there are attachments (M1).
    pub text: String,
    /// At most [`limits::ATTACHMENTS`].
    pub attachments: Vec<Attached>,
    /// The newest position on the sender's screen while writing: answering marks everything up to it as read (M6).
    pub shown: Option<i64>,
}

/// Sends a message and files its uploads (F1). The same id again changes nothing and returns the same message (M2).
///
/// # Errors
/// `NotFound` if the sender cannot see the channel; `Forbidden` if they have left it; `Conflict` if the id
/// belongs to another message; `Field` for an invalid text, id or attachment.
pub fn send(tx: &mut Tx, actor: &Actor, draft: &Draft) -> Result<Message> {
    if draft.id.0.get_version_num() != 7 {
        return Err(Error::field("id", Problem::NoId));
    }
    let text = limits::validate_message("text", &draft.text, !draft.attachments.is_empty())?;
    let Next { author_name, position, newest_row } = match look_up(tx, actor, draft)? {
        Known::Message(message) => return Ok(*message),
        Known::Next(next) => next,
    };
    let ready = attachments::check(tx, actor, draft.channel, &draft.attachments)?;
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
    let mentions = mentions::insert(tx, actor, draft.channel, draft.id, &text)?;
    unread_backlog::mark_pending(tx, actor.workspace, draft.channel, position)?;
    let event =
        Event::MessageSent { channel: draft.channel, message: draft.id, position, author: actor.person };
    journal::record(tx, actor.workspace, &event);
    let mut attachments = Vec::new();
    if !ready.is_empty() {
        attachments::attach(tx, actor, draft.channel, draft.id, &ready)?;
        attachments = attachments::of_message(tx, actor.workspace, draft.id)?;
    }
    // Assembled from the values just written: reading them back would cost as much as writing them.
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
    i64::try_from(list.len()).expect("a list in memory has a length of 63 bits")
}

/// Sends a message for an API client, as `sender` or else as the admin who created the key.
///
/// # Errors
/// As [`send`]; `Field` if the sender does not exist or is not in the channel.
pub fn send_as(tx: &mut Tx, program: &Actor, sender: Option<PersonId>, draft: &Draft) -> Result<Message> {
    access::channel(tx, program, draft.channel)?;
    let sender = acting_as::resolve_sender(tx, program, draft.channel, "senderId", sender)?;
    send(tx, &sender, draft)
}

/// What a draft's id refers to.
enum Known {
    /// A message that was sent already.
    Message(Box<Message>),
    /// Nothing yet; with what sending needs.
    Next(Next),
}

struct Next {
    author_name: Name,
    position: i64,
    /// The last row number in the search index, for [`search::add`].
    newest_row: Option<i64>,
}

/// Locks the channel until the transaction ends, so that its next position is taken only once.
fn look_up(tx: &Tx, actor: &Actor, draft: &Draft) -> Result<Known> {
    let held = tx.row_lock("FOR NO KEY UPDATE OF c");
    let newest_row = search::newest_row(tx.text_index());
    let (next, channel, author): (_, Option<ChannelId>, Option<PersonId>) = tx
        .first(
            &format!(
                "SELECT p.given_name, p.family_name, p.email, c.last_position, m.channel, m.author, ({newest_row}) FROM people p \
                 JOIN channels c ON c.workspace = p.workspace AND c.id = $4 \
                 LEFT JOIN messages m ON m.workspace = p.workspace AND m.id = $3 \
                 WHERE p.workspace = $1 AND p.id = $2 {held}"
            ),
            &[&actor.workspace, &actor.person, &draft.id, &draft.channel],
            |row| {
                let (author_name, last, channel, author, newest_row): (_, i64, _, _, _) = row.read()?;
                Ok((Next { author_name, position: last + 1, newest_row }, channel, author))
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

/// Advances the sender's read position. What the page showed counts as read. If nothing was unread before,
/// the new message is read too; otherwise it becomes one more that does not count as unread.
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
