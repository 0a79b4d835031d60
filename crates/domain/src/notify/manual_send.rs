//! What internal users can do about a digest before it is sent: send it now, or call it off (N14).

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, MessageId};
use crate::kernel::journal::{self, Event};
use crate::messages::message;
use crate::messages::unread_backlog::{AFTER, COUNTS};

/// Notifies a message's recipients now instead of later, and retries temporary failures at once (N14).
/// Returns how many people and deliveries that concerns.
///
/// # Errors
/// `NotFound` also for client users; `Conflict` if the message was deleted or called off.
pub fn send_now(tx: &mut Tx, actor: &Actor, message: MessageId) -> Result<usize> {
    let (channel, position) = open(tx, actor, message)?;
    let sql = format!(
        "INSERT INTO due (workspace, person, decide_at, asked_at) \
         SELECT m.workspace, m.person, CAST($4 AS BIGINT), CAST($4 AS BIGINT) FROM members m \
         JOIN messages x ON x.workspace = m.workspace AND x.channel = m.channel AND x.position = $3 \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL AND m.muted_at IS NULL \
         AND x.position > {AFTER} AND {COUNTS} ORDER BY m.person \
         ON CONFLICT (workspace, person) DO UPDATE SET decide_at = excluded.decide_at, asked_at = excluded.asked_at"
    );
    let asked = tx.run(&sql, &[&actor.workspace, &channel, &position, &tx.now()])?;
    let retried = tx.run(
        "UPDATE deliveries SET next_try_at = $4 WHERE workspace = $1 AND next_try_at > $4 AND leased_until IS NULL \
         AND carried_by IS NULL AND reference IN (SELECT coalesce(d.carried_by, d.reference) FROM digest_parts t \
         JOIN deliveries d ON d.workspace = t.workspace AND d.reference = t.digest \
         WHERE t.workspace = $1 AND t.channel = $2 AND t.after_position < $3 AND t.up_to_position >= $3)",
        &[&actor.workspace, &channel, &position, &tx.now()],
    )?;
    if asked + retried > 0 {
        changed(tx, actor, channel, position);
    }
    Ok(asked + retried)
}

/// Calls off notifying anybody of a message outside the portal (N14). What was already sent stays sent. Again
/// changes nothing.
///
/// # Errors
/// `NotFound` also for client users; `Conflict` if the message was deleted.
pub fn call_off(tx: &mut Tx, actor: &Actor, message: MessageId) -> Result<()> {
    let (channel, position) = match open(tx, actor, message) {
        Err(Error::Conflict(CALLED_OFF)) => return Ok(()),
        place => place?,
    };
    tx.run(
        "UPDATE messages SET called_off_at = $4 WHERE workspace = $1 AND channel = $2 AND position = $3",
        &[&actor.workspace, &channel, &position, &tx.now()],
    )?;
    changed(tx, actor, channel, position);
    Ok(())
}

/// Publishes that the delivery status of the message may have changed for all its recipients.
fn changed(tx: &mut Tx, actor: &Actor, channel: ChannelId, position: i64) {
    let positions = Some((position - 1, position));
    journal::record(tx, actor.workspace, &Event::NotificationChanged { channel, person: None, positions });
}

const CALLED_OFF: &str = "Telling people of this message was called off.";

/// The channel and position of a message that is neither deleted nor called off; internal users only.
fn open(reader: &Reader, actor: &Actor, message: MessageId) -> Result<(ChannelId, i64)> {
    access::internal(actor)?;
    let found = message::find(reader, actor, message)?;
    if found.deleted_at.is_some() {
        return Err(Error::Conflict("This message was deleted."));
    }
    let called_off_at: Option<Time> = reader.one(
        "SELECT called_off_at FROM messages WHERE workspace = $1 AND channel = $2 AND position = $3",
        &[&actor.workspace, &found.channel, &found.position],
        |row| row.get(0),
    )?;
    if called_off_at.is_some() {
        return Err(Error::Conflict(CALLED_OFF));
    }
    Ok((found.channel, found.position))
}
