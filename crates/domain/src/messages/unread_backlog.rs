//! What is unread and not yet in a digest (N1, N2). Recorded when a message is sent; [`crate::notify::due`]
//! decides what to send.

use store::{Reader, Time, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::words::words;

/// SQL: the message `x` counts for the member `m`, being not their own, not deleted and not called off.
pub(crate) const COUNTS: &str = "x.author <> m.person AND x.deleted_at IS NULL AND x.called_off_at IS NULL";

/// SQL: the position after which messages of the member `m` are unread and in no digest yet.
pub(crate) const AFTER: &str =
    "CASE WHEN m.read_position > m.told_position THEN m.read_position ELSE m.told_position END";

/// Records that a channel has unread messages, in the transaction that sends one.
pub(crate) fn mark_pending(tx: &Tx, workspace: WorkspaceId, channel: ChannelId, position: i64) -> Result<()> {
    // What is waiting already is older, unless the clock was set back.
    tx.run(
        "INSERT INTO waiting (workspace, channel, since, position) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace, channel) DO UPDATE SET since = excluded.since WHERE waiting.since > excluded.since",
        &[&workspace, &channel, &tx.now(), &position],
    )?;
    Ok(())
}

/// Decides again about everybody whose wait is running: the new wait may be shorter.
pub(crate) fn wait_changed(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    tx.run(
        "UPDATE due SET decide_at = $2 WHERE workspace = $1 AND decide_at > $2",
        &[&workspace, &tx.now()],
    )?;
    Ok(())
}

/// What counts for a person, is unread and in no digest yet, by channel.
pub(crate) fn waiting(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Vec<Waiting>> {
    let sql = format!(
        "SELECT m.channel, {AFTER}, c.last_position, (SELECT min(x.sent_at) FROM messages x \
         WHERE x.workspace = m.workspace AND x.channel = m.channel AND x.position > {AFTER} AND {COUNTS}) \
         FROM members m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
         WHERE m.workspace = $1 AND m.person = $2 AND m.left_at IS NULL AND m.muted_at IS NULL \
         AND c.last_position > m.read_position AND c.last_position > m.told_position ORDER BY m.channel"
    );
    let found = reader.all(&sql, &[&workspace, &person], |row| {
        let (channel, after, up_to, oldest): (_, _, _, Option<Time>) = row.read()?;
        Ok(oldest.map(|oldest| Waiting { channel, after, up_to, oldest }))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// Publishes that the forecast for a person's unread messages has changed: another time, or not sent at all.
pub(crate) fn forecast_changed(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    for Waiting { channel, after, up_to, .. } in waiting(tx, workspace, person)? {
        let (person, positions) = (Some(person), Some((after, up_to)));
        journal::record(tx, workspace, &Event::NotificationChanged { channel, person, positions });
    }
    Ok(())
}

/// Messages of one channel that count for a person, are unread and in no digest yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub channel: ChannelId,
    /// They come after this position, up to `up_to`.
    pub after: i64,
    pub up_to: i64,
    /// When the oldest of them was received.
    pub oldest: Time,
}

words! {
    /// Why a person was not notified of a message.
    pub enum Reason {
        /// They have not been invited yet (N1).
        NotInvited = "notInvited",
        /// Their notification preference (N10).
        Choice = "choice",
        /// No address or number that accepts messages.
        NoAddress = "noAddress",
        /// They muted the channel (C8).
        Muted = "muted",
        /// They can no longer see the channel (N13).
        LostAccess = "lostAccess",
        /// They left the channel by choice (C8).
        Left = "left",
        /// Called off by an internal user (N14).
        CalledOff = "calledOff",
        /// Sent before the portal had notifications.
        Earlier = "earlier",
    }
}
