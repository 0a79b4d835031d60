//! Marks and ends notifications (N15). Open ones have no row; these functions write one.

use store::Tx;

use crate::channels::notifications::{Notification, find, open_at};
use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, NotificationId, PersonId, WorkspaceId};
use crate::kernel::lock::lock_member;

/// Marks a notification as read, without reading the channel. Later messages create a new one.
pub fn mark_read(tx: &mut Tx, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let found = find_to_change(tx, actor, id)?;
    let now = tx.now();
    match found.up_to {
        None => end_now(tx, actor.workspace, &found)?,
        Some(_) => {
            tx.run(
                "UPDATE notifications SET read_at = $3 WHERE workspace = $1 AND id = $2 AND read_at IS NULL",
                &[&actor.workspace, &id, &now],
            )?;
        }
    }
    find(tx, actor, id)
}

/// Marks a notification as unread, until it is marked as read or more of its channel is read.
pub fn mark_unread(tx: &mut Tx, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let found = find_to_change(tx, actor, id)?;
    if found.read_at.is_none() {
        return Ok(found);
    }
    // If its messages are still unread and no later notification has ended, it is simply open again.
    let opened = tx.run(
        "DELETE FROM notifications WHERE workspace = $1 AND id = $2 AND position > (SELECT m.read_position FROM members m \
         WHERE m.workspace = $1 AND m.channel = $3 AND m.person = $4) AND NOT EXISTS (SELECT 1 FROM notifications o \
         WHERE o.workspace = $1 AND o.channel = $3 AND o.person = $4 AND o.up_to_position > notifications.up_to_position)",
        &[&actor.workspace, &id, &found.channel, &found.recipient],
    )?;
    if opened == 0 {
        tx.run(
            "UPDATE notifications SET read_at = NULL WHERE workspace = $1 AND id = $2",
            &[&actor.workspace, &id],
        )?;
    }
    find(tx, actor, id)
}

/// Deletes a notification; its messages are not affected.
pub fn delete(tx: &mut Tx, actor: &Actor, id: NotificationId) -> Result<()> {
    let found = find_to_change(tx, actor, id)?;
    if found.up_to.is_none() {
        end_now(tx, actor.workspace, &found)?;
    }
    tx.run(
        "UPDATE notifications SET deleted_at = $3 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &id, &tx.now()],
    )?;
    Ok(())
}

/// The notification as it stays until the end of the transaction: its recipient reads nothing meanwhile.
fn find_to_change(tx: &Tx, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let found = find(tx, actor, id)?;
    lock_member(tx, actor.workspace, found.channel, found.recipient)?;
    find(tx, actor, id)
}

/// Ends an open notification at the newest message.
fn end_now(tx: &Tx, workspace: WorkspaceId, open: &Notification) -> Result<()> {
    let newest: i64 = tx.one(
        "SELECT last_position FROM channels WHERE workspace = $1 AND id = $2",
        &[&workspace, &open.channel],
        |row| row.get(0),
    )?;
    end(tx, workspace, open, newest)
}

fn end(tx: &Tx, workspace: WorkspaceId, open: &Notification, up_to: i64) -> Result<()> {
    tx.run(
        "INSERT INTO notifications (workspace, id, person, channel, message, position, up_to_position, created_at, read_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        &[
            &workspace,
            &open.id,
            &open.recipient,
            &open.channel,
            &open.message,
            &open.position,
            &up_to,
            &open.created_at,
            &tx.now(),
        ],
    )?;
    Ok(())
}

/// Call before a member's read position moves to `position`: ends the open notification, and marks as read those that
/// had been marked as unread.
pub(crate) fn end_read(
    tx: &Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    person: PersonId,
    position: i64,
) -> Result<()> {
    if let Some(open) = open_at(tx, workspace, channel, person)?.filter(|open| open.position <= position) {
        end(tx, workspace, &open, position)?;
    }
    tx.run(
        "UPDATE notifications SET read_at = $5 \
         WHERE workspace = $1 AND person = $2 AND channel = $3 AND position <= $4 AND read_at IS NULL",
        &[&workspace, &person, &channel, &position, &tx.now()],
    )?;
    Ok(())
}
