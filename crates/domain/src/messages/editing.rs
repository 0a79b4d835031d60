//! Editing and deleting messages (M5). People change their own; an API client changes anybody's.

use store::Tx;

use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::MessageId;
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;
use crate::messages::message::{Message, find};
use crate::messages::{attachments, mentions, search};

/// Changes a message's text and marks it as edited.
///
/// # Errors
/// `Forbidden` for somebody else's message; `Conflict` if it was deleted; `Field` for an invalid text.
pub fn edit(tx: &mut Tx, actor: &Actor, message: MessageId, text: &str) -> Result<Message> {
    let found = own(tx, actor, message)?;
    let text = limits::validate_message("text", text, !found.attachments.is_empty())?;
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
    mentions::forget(tx, actor, message)?;
    mentions::insert(tx, actor, found.channel, message, &text)?;
    let event = Event::MessageUpdated { channel: found.channel, message, position: found.position };
    journal::record(tx, actor.workspace, &event);
    find(tx, actor, message)
}

/// Deletes a message: a tombstone remains, its text is gone everywhere, its files stay in Files (F5). Deleting it
/// again changes nothing.
///
/// # Errors
/// `Forbidden` for somebody else's message.
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
    mentions::forget(tx, actor, message)?;
    attachments::detach(tx, actor.workspace, message)?;
    // It no longer counts as unread; for its author and for those who have read past it, it did not anyway.
    tx.run(
        "UPDATE members SET skipped = skipped + 1 \
         WHERE workspace = $1 AND channel = $2 AND read_position < $3 AND person <> $4",
        &[&actor.workspace, &found.channel, &found.position, &found.author],
    )?;
    let event = Event::MessageDeleted { channel: found.channel, message, position: found.position };
    journal::record(tx, actor.workspace, &event);
    find(tx, actor, message)
}

/// The message as it stays until the end of the transaction: nobody else edits or deletes it meanwhile.
fn own(tx: &Tx, actor: &Actor, message: MessageId) -> Result<Message> {
    tx.lock_rows(
        "SELECT 1 FROM messages WHERE workspace = $1 AND id = $2 FOR NO KEY UPDATE",
        &[&actor.workspace, &message],
    )?;
    let found = find(tx, actor, message)?;
    if found.author == actor.person || actor.is_api_client() { Ok(found) } else { Err(Error::Forbidden) }
}
